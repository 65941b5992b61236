using System.ComponentModel;
using Corda.Workers.Cluster;
using Corda.Workers.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host.Api;

/// <summary>The worker processes of the cluster, as the one that is asked knows them.</summary>
internal static class ClusterApi
{
    public static void MapCluster(this IEndpointRouteBuilder api) => api.MapGroup("/cluster").WithTags("Cluster")
        .MapGet("/topology", Topology)
        .WithName("GetTopology")
        .WithSummary("The workers that are there, what they do and which partitions they own");

    private static Ok<TopologyResponse> Topology(ClusterService cluster, TimeProvider time) =>
        TypedResults.Ok(new TopologyResponse([.. cluster.Workers.Select(worker => WorkerResponse.Of(worker, time.GetUtcNow()))]));
}

internal sealed record TopologyResponse(
    [property: Description("The one that answers first, then the others by name.")]
    IReadOnlyList<WorkerResponse> Workers);

internal sealed record WorkerResponse(
    string WorkerId,
    [property: Description("When its process began: another life of a worker under the same name has another.")]
    DateTimeOffset StartedAt,
    string Version,
    IReadOnlyList<string> Roles,
    [property: Description("RUNNING, or DRAINING: about to end in good order.")]
    WorkerPhase Phase,
    [property: Description(
        "How the one that answers knows it: SELF it is the same; CONNECTION one to its process stands; BEATS it is heard over the bus, but cannot be watched from here; "
        + "SUSPECTED the connection broke and nothing answers; DEAD its process is gone, and it is about to be evicted.")]
    Evidence Evidence,
    [property: Description("When it last said that it is there.")]
    DateTimeOffset HeardAt,
    [property: Description("The transactional ids that it writes under, one for each lane and producer: whoever evicts it or takes its place fences these.")]
    IReadOnlyList<string> Slots,
    [property: Description("Its memberships of consumer groups, one for each lane.")]
    IReadOnlyList<LaneResponse> Lanes,
    [property: Description("How many records its warm copies of other workers' states are behind; null where it keeps none.")]
    long? StandbyLag)
{
    public static WorkerResponse Of(KnownWorker worker, DateTimeOffset now) => new(
        worker.Presence.WorkerId,
        worker.Presence.StartedAt,
        worker.Presence.Version,
        worker.Presence.Roles,
        worker.Presence.Phase,
        worker.Evidence,
        worker.HeardAt,
        worker.Presence.TransactionalIds,
        [.. worker.Presence.Members.Select(member => LaneResponse.Of(member, now))],
        worker.Presence.StandbyLag);
}

internal sealed record LaneResponse(
    string Group,
    string MemberId,
    [property: Description("The partitions it owns, by topic.")]
    IReadOnlyDictionary<string, IReadOnlyList<int>> Partitions,
    [property: Description("Seconds since it last committed; null for not yet.")]
    double? LastCommitAgeSeconds)
{
    public static LaneResponse Of(PresentMember member, DateTimeOffset now) => new(
        member.Group,
        member.MemberId,
        member.Partitions.GroupBy(partition => partition.Topic, StringComparer.Ordinal)
            .ToDictionary(topic => topic.Key, IReadOnlyList<int> (topic) => [.. topic.Select(partition => partition.Partition).Order()], StringComparer.Ordinal),
        // Two clocks of two hosts may differ by more than the age.
        member.LastCommitAt is { } at ? Math.Round(Math.Max(0, (now - at).TotalSeconds), 3) : null);
}
