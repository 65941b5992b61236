using Corda.IntegrationTests.Faults.Oracle;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>The usual mix of flows, decided by a seed.</summary>
internal static class Workload
{
    public const string Alice = "O=Alice, L=London, C=GB";
    public const string Bob = "O=Bob, L=Rome, C=IT";
    public const string Charlie = "O=Charlie, L=Oslo, C=NO";

    /// <summary>Flows of Alice with Bob and Charlie: steps with sleeps between, steps without, coins that go around, and talk that no transaction holds.</summary>
    public static IEnumerable<(string Id, FlowWork Work)> Mixed(string name, int seed, int count, int sleepMsMax = 60)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(i => ($"{name}-{i}", (FlowWork)(random.Next(6) switch
        {
            0 => new FlowWork.OfTransfer([Bob, Charlie], 100 + random.Next(1000), 4 + random.Next(8), random.Next(sleepMsMax)),
            1 => new FlowWork.OfSteps(Bob, 3 + random.Next(6), 0),
            2 => new FlowWork.OfChatter(Charlie, 2_500 + random.Next(2_000)),
            _ => new FlowWork.OfSteps(random.Next(2) == 0 ? Bob : Charlie, 3 + random.Next(8), 1 + random.Next(sleepMsMax)),
        })));
    }
}
