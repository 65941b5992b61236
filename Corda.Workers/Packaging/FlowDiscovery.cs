using System.Reflection;
using Corda.Flows;

namespace Corda.Workers.Packaging;

/// <summary>What stands in a package.</summary>
/// <param name="Flows">The client-startable flows.</param>
/// <param name="Responders">The responder flows.</param>
/// <param name="Initiators">Every class that initiates a protocol, sub-flows included.</param>
internal sealed record PackageFlows(
    IReadOnlyList<StartableFlowDefinition> Flows,
    IReadOnlyList<ResponderFlowDefinition> Responders,
    IReadOnlyList<InitiatorDefinition> Initiators);

/// <summary>A class whose sessions speak a protocol.</summary>
internal sealed record InitiatorDefinition(string ClassName, string Protocol, int[] ProtocolVersions);

/// <summary>Finds the flows of a package and what is wrong with them.</summary>
internal static class FlowDiscovery
{
    public static PackageFlows Discover(PackageLoadContext context, ICollection<PackageProblem> problems)
    {
        var flows = new List<StartableFlowDefinition>();
        var responders = new List<ResponderFlowDefinition>();
        var initiators = new List<InitiatorDefinition>();
        foreach (Type type in FlowAssemblies(context, problems).SelectMany(assembly => TypesOf(assembly, problems)))
        {
            FlowClassRules.Check(type, problems);
            var initiating = type.GetCustomAttribute<InitiatingFlowAttribute>(inherit: false);
            if (initiating is not null) initiators.Add(new InitiatorDefinition(NameOf(type), initiating.Protocol, initiating.Versions));
            if (type.IsAbstract || type.ContainsGenericParameters) continue;

            if (FlowShape.StartableTypes(type) is (Type request, Type result))
            {
                flows.Add(new StartableFlowDefinition(NameOf(type), type, request, result, initiating?.Protocol, initiating?.Versions ?? []));
            }
            else if (FlowShape.IsResponder(type) && type.GetCustomAttribute<InitiatedByAttribute>(inherit: false) is { } initiatedBy)
            {
                responders.Add(new ResponderFlowDefinition(NameOf(type), type, initiatedBy.Protocol, initiatedBy.Versions));
            }
        }

        string main = context.PackageAssemblies[0].GetName().Name!;
        if (flows.Count + responders.Count == 0 && problems.Count == 0)
        {
            problems.Add(new PackageProblem(
                main, "it holds no flow", "If it is a library of another package, put both into a folder named as that package's main assembly"));
        }

        return new PackageFlows(flows, responders, initiators);
    }

    /// <summary>The name by which flows are started and shown.</summary>
    public static string NameOf(Type type) => type.FullName ?? type.Name;

    private static IEnumerable<Assembly> FlowAssemblies(PackageLoadContext context, ICollection<PackageProblem> problems)
    {
        foreach (Assembly assembly in context.PackageAssemblies)
        {
            AssemblyName[] references = assembly.GetReferencedAssemblies();
            if (Array.Find(references, reference => reference.Name == SharedAssemblies.Sdk.Name) is not { } sdk) continue;

            string name = assembly.GetName().Name!;
            if (sdk.Version > SharedAssemblies.Sdk.Version)
            {
                problems.Add(new PackageProblem(
                    name,
                    $"it is built with Corda.Flows.Sdk {sdk.Version}, and this worker has {SharedAssemblies.Sdk.Version}",
                    "Update the worker first"));
            }

            string main = context.PackageAssemblies[0].GetName().Name!;
            AssemblyName[] missing = Array.FindAll(references, reference => !context.Offers(reference));
            foreach (AssemblyName reference in missing)
            {
                problems.Add(new PackageProblem(
                    name,
                    $"it uses {reference.Name}, which is neither in the package nor shared by the platform",
                    $"Put the package into a folder named {main}, with {reference.Name}.dll beside the main assembly"));
            }

            if (missing.Length == 0) yield return assembly;
        }
    }

    private static Type[] TypesOf(Assembly assembly, ICollection<PackageProblem> problems)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException cause)
        {
            string reasons = string.Join("; ", cause.LoaderExceptions.Select(e => e?.Message).Distinct());
            problems.Add(new PackageProblem(
                assembly.GetName().Name!, $"types cannot be loaded: {reasons}", "Build it against the SDK and runtime of this worker"));
            return [];
        }
    }
}
