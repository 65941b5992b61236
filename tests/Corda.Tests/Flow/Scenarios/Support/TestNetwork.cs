using System.Reflection;
using Corda.Samples;
using Corda.Workers.Contracts;
using Corda.Workers.Flow;
using Corda.Workers.Packaging;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>Alice, Bob and Charlie, who all run the flows of this test assembly and the samples; and packages that can be taken away.</summary>
internal sealed class TestNetwork : IVirtualNodes, IFlowPackages
{
    public static readonly HoldingIdentity Alice = Member("O=Alice, L=London, C=GB");
    public static readonly HoldingIdentity Bob = Member("O=Bob, L=Rome, C=IT");
    public static readonly HoldingIdentity Charlie = Member("O=Charlie, L=Oslo, C=NO");
    public static readonly HoldingIdentity Nobody = Member("O=Nobody, L=Nowhere, C=ZZ");

    private static readonly FlowPackage Flows = Package();
    private readonly Dictionary<HoldingIdentity, VirtualNodeInfo> nodes = [];

    public TestNetwork()
    {
        foreach (HoldingIdentity identity in (HoldingIdentity[])[Alice, Bob, Charlie]) Add(identity);
    }

    /// <summary>Why packages cannot be loaded; null where they can.</summary>
    public string? PackageTrouble { get; set; }

    public IReadOnlyList<FlowPackage> Current => [Flows];

    public VirtualNodeInfo? Find(HoldingIdentity identity) => nodes.GetValueOrDefault(identity);

    public IReadOnlyList<VirtualNodeInfo> InGroup(string groupId) => [.. nodes.Values.Where(node => node.Identity.GroupId == groupId)];

    public FlowPackage Get(string hash) => PackageTrouble is null && hash == Flows.Hash ? Flows : throw new FlowPackageException(PackageTrouble ?? $"no package {hash}");

    public void Add(HoldingIdentity identity, bool active = true) => nodes[identity] =
        new VirtualNodeInfo(identity, new CpiInfo("scenarios", "1.0", [Flows.Hash]), active, DateTimeOffset.UnixEpoch);

    public void Remove(HoldingIdentity identity) => nodes.Remove(identity);

    private static HoldingIdentity Member(string name) => new(name, "test-group");

    private static FlowPackage Package()
    {
        Assembly[] assemblies = [typeof(TestNetwork).Assembly, typeof(PingPong).Assembly];
        Type[] types = [.. assemblies.SelectMany(a => a.GetTypes()).Where(type => type is { IsAbstract: false, ContainsGenericParameters: false }
            && (type.Namespace == "Corda.Tests.Flow.Scenarios" || type.Assembly == typeof(PingPong).Assembly))];
        return new FlowPackage(
            "scenarios",
            "1.0",
            Hash: new string('a', 64),
            assemblies,
            types.Where(type => FlowShape.StartableTypes(type) is not null).Select(Startable).ToDictionary(flow => flow.ClassName),
            [.. types.Where(FlowShape.IsResponder).Select(Responder)]);
    }

    private static StartableFlowDefinition Startable(Type type)
    {
        (Type request, Type result) = FlowShape.StartableTypes(type)!.Value;
        return new StartableFlowDefinition(type.FullName!, type, request, result, null, []);
    }

    private static ResponderFlowDefinition Responder(Type type)
    {
        var answers = (Corda.Flows.InitiatedByAttribute)Attribute.GetCustomAttribute(type, typeof(Corda.Flows.InitiatedByAttribute))!;
        return new ResponderFlowDefinition(type.FullName!, type, answers.Protocol, answers.Versions);
    }
}
