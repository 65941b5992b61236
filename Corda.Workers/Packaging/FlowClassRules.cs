using System.Reflection;
using System.Runtime.CompilerServices;
using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Workers.Packaging;

/// <summary>
/// What must be true of one class of a package. What can be known when a package is loaded must not wait until a flow is started.
/// </summary>
internal static class FlowClassRules
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static void Check(Type type, ICollection<PackageProblem> problems)
    {
        CheckProtocols(type, problems);
        if (!FlowShape.IsFlow(type))
        {
            CheckAsyncVoid(type, problems);
            return;
        }

        CheckAsyncMethods(type, problems);
        bool startedByPlatform = FlowShape.IsResponder(type) || FlowShape.StartableTypes(type) is not null;
        if (type.IsAbstract || !startedByPlatform) return;

        if (type.ContainsGenericParameters)
        {
            problems.Add(new PackageProblem(
                FlowDiscovery.NameOf(type),
                "it is a generic class, and the platform cannot know its type arguments",
                "Make it abstract and derive a class for each type"));
            return;
        }

        CheckConstructor(type, problems);
        if (FlowShape.StartableTypes(type) is (Type request, _)) RequestTypeRules.Check(FlowDiscovery.NameOf(type), request, problems);
    }

    private static void CheckProtocols(Type type, ICollection<PackageProblem> problems)
    {
        var initiating = type.GetCustomAttribute<InitiatingFlowAttribute>(inherit: false);
        var initiatedBy = type.GetCustomAttribute<InitiatedByAttribute>(inherit: false);
        if (initiating is not null) CheckVersions(type, initiating.Protocol, initiating.Versions, problems);
        if (initiatedBy is not null) CheckVersions(type, initiatedBy.Protocol, initiatedBy.Versions, problems);

        string name = FlowDiscovery.NameOf(type);
        if (initiating is not null && !FlowShape.IsFlow(type))
        {
            problems.Add(new PackageProblem(
                name, "it has [InitiatingFlow] but is no flow", "Remove the attribute, or derive from ClientStartableFlow or SubFlow"));
        }

        bool responder = FlowShape.IsResponder(type);
        if (initiatedBy is not null && !responder)
        {
            problems.Add(new PackageProblem(
                name, "it has [InitiatedBy] but is no responder", "Derive from ResponderFlow, or remove the attribute"));
        }

        if (responder && !type.IsAbstract && initiatedBy is null)
        {
            problems.Add(new PackageProblem(
                name,
                "it is a ResponderFlow without [InitiatedBy], so nothing ever starts it",
                "Add [InitiatedBy(\"protocol\")], or make it abstract"));
        }
    }

    private static void CheckVersions(Type type, string protocol, int[] versions, ICollection<PackageProblem> problems)
    {
        bool eachOnce = versions.Distinct().Count() == versions.Length;
        if (!string.IsNullOrWhiteSpace(protocol) && eachOnce && Array.TrueForAll(versions, version => version > 0)) return;
        problems.Add(new PackageProblem(
            FlowDiscovery.NameOf(type),
            $"'{protocol}' with versions {string.Join(", ", versions)} is no protocol",
            "Give it a name, and versions from 1 upwards, each once"));
    }

    private static void CheckConstructor(Type type, ICollection<PackageProblem> problems)
    {
        string name = FlowDiscovery.NameOf(type);
        ConstructorInfo[] constructors = type.GetConstructors();
        if (constructors.Length != 1)
        {
            problems.Add(new PackageProblem(
                name,
                $"it has {constructors.Length} public constructors",
                $"Give it exactly one; its parameters may be {InjectableServices.Names}"));
            return;
        }

        foreach (ParameterInfo parameter in constructors[0].GetParameters().Where(p => !InjectableServices.Types.Contains(p.ParameterType)))
        {
            problems.Add(new PackageProblem(
                name,
                $"the platform cannot provide its constructor's parameter {parameter.ParameterType.Name} {parameter.Name}",
                $"A flow may ask for {InjectableServices.Names}"));
        }
    }

    private static void CheckAsyncMethods(Type type, ICollection<PackageProblem> problems)
    {
        foreach (MethodInfo method in MethodsOf(type).Where(IsForeignAsync))
        {
            problems.Add(new PackageProblem(
                NameOf(type, method),
                $"it is an async method that returns {AuthorsNames.OfType(method.ReturnType)}, which cannot be saved in a checkpoint",
                "Return FlowTask or FlowTask<T>, and await only flow tasks"));
        }
    }

    // Helper classes too: nobody can catch what such a method throws, and it would end the worker with all its flows.
    private static void CheckAsyncVoid(Type type, ICollection<PackageProblem> problems)
    {
        if (IsMadeByCompiler(type)) return;
        foreach (MethodInfo method in MethodsOf(type).Where(method => IsForeignAsync(method) && method.ReturnType == typeof(void)))
        {
            problems.Add(new PackageProblem(
                NameOf(type, method),
                "it is an async method that returns void, and an exception in it would end the whole worker",
                "Return a task, so that its caller gets the exception"));
        }
    }

    // Lambdas and local functions live in nested classes that the compiler makes.
    private static IEnumerable<MethodInfo> MethodsOf(Type type) =>
        type.GetNestedTypes(Declared).Where(IsMadeByCompiler).Prepend(type).SelectMany(t => t.GetMethods(Declared));

    private static bool IsMadeByCompiler(Type type) => type.IsDefined(typeof(CompilerGeneratedAttribute));

    private static string NameOf(Type type, MethodInfo method) => $"{FlowDiscovery.NameOf(type)}.{AuthorsNames.OfMethod(method.Name)}";

    private static bool IsForeignAsync(MethodInfo method) =>
        method.IsDefined(typeof(AsyncIteratorStateMachineAttribute))
        || (method.IsDefined(typeof(AsyncStateMachineAttribute)) && !typeof(FlowTask).IsAssignableFrom(method.ReturnType));
}
