using Corda.Workers.Contracts;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>
/// Delivers the outputs of flows to each other until all is quiet: in order, or (with a seed) in any order and some of them several times, as a
/// network between clusters may.
/// </summary>
internal sealed class Switchboard(Scenario scenario, int? seed = null)
{
    private const int StepsMax = 100_000;
    private readonly Random? random = seed is null ? null : new Random(seed.Value);
    private readonly List<(FlowId To, FlowEvent Event)> underWay = [];
    private readonly Dictionary<FlowId, List<FlowStatus>> statuses = [];

    /// <summary>Events delivered.</summary>
    public int Steps { get; private set; }

    /// <summary>All that was published about a flow.</summary>
    public IReadOnlyList<FlowStatus> StatusesOf(FlowId flow) => statuses.GetValueOrDefault(flow) ?? [];

    public Switchboard Post(Reaction reaction)
    {
        foreach (Record output in reaction.Outputs)
        {
            if (output.Value is FlowEvent next) Post(FlowId.FromKey(output.Key), next);
            if (output.Value is FlowStatus status) Statuses(status.FlowId).Add(status);
        }

        return this;
    }

    /// <summary>Delivers until nothing is under way and no timer is due.</summary>
    public Switchboard UntilQuiet()
    {
        do
        {
            while (underWay.Count > 0)
            {
                Assert.True(++Steps < StepsMax, $"The flows were still talking after {StepsMax} events (seed {seed}).");
                (FlowId to, FlowEvent next) = TakeOne();
                Post(scenario.Deliver(to, next));
            }

            foreach (Reaction reaction in scenario.FireDue()) Post(reaction);
        }
        while (underWay.Count > 0);

        return this;
    }

    /// <summary>The flow has completed with this result.</summary>
    public Switchboard Completed(FlowId flow, string result)
    {
        FlowStatus? last = StatusesOf(flow) is [.., { } newest] ? newest : null;
        Assert.True(
            last is { State: FlowState.Completed } && last.Result == result,
            $"Expected flow {flow} to complete with {result} (seed {seed}); its statuses: {string.Join("; ", StatusesOf(flow).Select(s => $"{s.State} {s.Result} {s.Error}"))}");
        return this;
    }

    private List<FlowStatus> Statuses(FlowId flow)
    {
        if (!statuses.TryGetValue(flow, out List<FlowStatus>? list)) statuses[flow] = list = [];
        return list;
    }

    private void Post(FlowId to, FlowEvent next)
    {
        underWay.Add((to, next));
        if (random is not null && random.Next(3) == 0) underWay.Add((to, next));
    }

    private (FlowId To, FlowEvent Event) TakeOne()
    {
        int index = random?.Next(underWay.Count) ?? 0;
        (FlowId, FlowEvent) taken = underWay[index];
        underWay.RemoveAt(index);
        return taken;
    }
}
