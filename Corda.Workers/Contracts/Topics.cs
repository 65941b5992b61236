using Corda.Workers.Messaging;

namespace Corda.Workers.Contracts;

/// <summary>The table of all topics: name, key, value, clean-up, who writes, who reads. Roles meet nowhere else.</summary>
internal static class Topics
{
    /// <summary>Events of flows; key: flow id.</summary>
    public static readonly Topic<FlowEvent> FlowEvent = new("flow.event", Routing.Prefix, Cleanup.Delete, new ContractCodec<FlowEvent>());

    /// <summary>What flow workers keep; key: flow id, partition for partition beside <see cref="FlowEvent"/>.</summary>
    public static readonly Topic<Checkpoint> FlowState =
        new("flow.event.state", Routing.Prefix, Cleanup.Compact, new ContractCodec<Checkpoint>());

    /// <summary>Where client-started flows stand; key: flow id.</summary>
    public static readonly Topic<FlowStatus> FlowStatus = new("flow.status", Routing.Prefix, Cleanup.Compact, new ContractCodec<FlowStatus>());

    /// <summary>The virtual nodes of the cluster; key: short hash.</summary>
    public static readonly Topic<VirtualNodeInfo> VirtualNodeInfo =
        new("virtual.node.info", Routing.Hash, Cleanup.Compact, new ContractCodec<VirtualNodeInfo>());

    /// <summary>
    /// The workers that are there; key: worker id. Every role's. In one partition: whoever hears itself hears all the others, so that nobody is silent because the
    /// broker of another partition is out of reach.
    /// </summary>
    public static readonly Topic<WorkerPresence> WorkerPresence =
        new("worker.presence", Routing.One, Cleanup.Compact, new ContractCodec<WorkerPresence>()) { HasFewKeys = true };

    /// <summary>Every topic with the roles that write and read it.</summary>
    public static readonly IReadOnlyList<TopicUse> All =
    [
        new(FlowEvent, Producers: [WorkerRole.Rpc, WorkerRole.Flow], Consumers: [WorkerRole.Flow]),
        new(FlowState, Producers: [WorkerRole.Flow], Consumers: [WorkerRole.Flow]),
        new(FlowStatus, Producers: [WorkerRole.Flow], Consumers: [WorkerRole.Rpc]),
        new(VirtualNodeInfo, Producers: [WorkerRole.Db], Consumers: [WorkerRole.Rpc, WorkerRole.Flow, WorkerRole.Db]),
        new(WorkerPresence, Producers: [WorkerRole.Rpc, WorkerRole.Flow, WorkerRole.Db], Consumers: [WorkerRole.Rpc, WorkerRole.Flow, WorkerRole.Db]),
    ];
}

/// <summary>Who uses a topic.</summary>
internal sealed record TopicUse(Topic Topic, IReadOnlyList<WorkerRole> Producers, IReadOnlyList<WorkerRole> Consumers);
