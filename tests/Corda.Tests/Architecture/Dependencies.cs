using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Loader;
using Corda.Flows;
using Corda.Samples;
using Corda.Workers;

namespace Corda.Tests.Architecture;

/// <summary>Who uses whom, read from the compiled code.</summary>
internal sealed class Dependencies(params System.Reflection.Assembly[] assemblies)
{
    private readonly ArchUnitNET.Domain.Architecture architecture = new ArchLoader().LoadAssemblies(assemblies).Build();

    /// <summary>The product and the samples.</summary>
    public static Dependencies OfProduct { get; } =
        new(typeof(FlowTask).Assembly, typeof(WorkerRole).Assembly, typeof(Program).Assembly, typeof(PingPong).Assembly);

    /// <summary>This test assembly, which breaks every rule on purpose somewhere.</summary>
    public static Dependencies OfTests { get; } = new(typeof(Dependencies).Assembly);

    /// <summary>All namespaces of types that begin with a prefix.</summary>
    public IEnumerable<string> Namespaces(string prefix) =>
        architecture.Types.Select(type => NamespaceOf(type)).Where(name => IsIn(name, prefix)).Distinct().Order();

    public IEnumerable<IType> Types(Func<IType, bool> which) => architecture.Types.Where(which);

    /// <summary>Every "A uses B", where A and B are types with the given properties.</summary>
    public string[] Uses(Func<IType, bool> from, Func<IType, bool> to) =>
    [
        .. architecture.Types.Where(from)
            .SelectMany(type => type.Dependencies.Where(d => to(d.Target)).Select(d => $"{type.FullName} uses {d.Target.FullName}"))
            .Distinct().Order(),
    ];

    /// <summary>Every "A calls B.C".</summary>
    public string[] Calls(Func<IType, bool> from, Func<string, bool> member) =>
    [
        .. architecture.Types.Where(from)
            .SelectMany(type => type.Dependencies.OfType<MethodCallDependency>().Where(d => member(d.TargetMember.FullName))
                .Select(d => $"{type.FullName} calls {d.TargetMember.FullName}"))
            .Distinct().Order(),
    ];

    /// <summary>Every static field of a type that somebody reads, with the reader.</summary>
    public IEnumerable<(IType Reader, string Field)> Reads(string typeName) => architecture.Types
        .SelectMany(type => type.Dependencies.OfType<AccessFieldDependency>()
            .Where(d => d.Target.FullName == typeName && type.FullName != typeName).Select(d => (type, d.TargetMember.Name)))
        .Distinct();

    public static bool IsIn(IType type, string prefix) => IsIn(NamespaceOf(type), prefix);

    public static string NamespaceOf(IType type) => type.Namespace?.FullName ?? "";

    public static bool IsIn(string name, string prefix) => name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal);
}
