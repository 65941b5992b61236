using Corda.IntegrationTests.Support;

namespace Corda.Benchmarks.Kafka;

/// <summary>Ends workers and starts others, round by round, under flows that each make a step every <see cref="Pace"/>, and tells their silences.</summary>
internal sealed class FailoverRounds(WorkerCluster cluster, string bootstrap, int partitions) : IDisposable
{
    private const string StateTopic = "flow.event.state";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);
    private readonly StepObserver observer = new(bootstrap, StateTopic, partitions);

    public static Task Kill(HostProcess worker)
    {
        worker.Kill();
        return Task.CompletedTask;
    }

    public async Task StartFlowsAsync(int flows)
    {
        for (int i = 0; i < flows; i++)
        {
            await cluster.StartFlowAsync($"failover-{i}", "Countdown", $$"""{"steps":1000000,"delayMs":{{Pace.TotalMilliseconds}}}""");
        }
    }

    /// <summary>Each round ends one worker that has partitions, watches, and lets another one join.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="watch">How long a takeover may take.</param>
    /// <param name="end">Ends a worker; its task is over when the process is.</param>
    /// <param name="join">Takes the silences while the other one joins.</param>
    /// <param name="plotFile">Where the first round is drawn.</param>
    public async Task<FailoverSilences> RunAsync(int rounds, TimeSpan watch, Func<HostProcess, Task> end, FailoverSilences join, string? plotFile = null)
    {
        var silences = new FailoverSilences();
        for (int round = 0; round < rounds; round++)
        {
            await Task.Delay(Quiet + Quiet);
            IReadOnlyDictionary<string, IReadOnlySet<int>> owners = await OwnersAsync();
            string victim = owners.Keys.Order(StringComparer.Ordinal).ElementAt(round % owners.Count);
            TimeSpan before = StepObserver.Now;
            silences.AddCalm(observer.Silences(before - Quiet, before));

            Task ended = end(cluster.Workers[victim]);
            TimeSpan killed = StepObserver.Now;
            await Task.Delay(watch);
            silences.Add(observer.Silences(before - Pace, killed + watch), owners[victim].Contains);
            if (plotFile is not null && round == 0)
            {
                FailoverPlot.Save(plotFile, observer.Between(before - Quiet, killed + watch), killed, owners[victim]);
            }

            await ended;
            cluster.Remove(victim);
            await JoinAsync(join);
        }

        return silences;
    }

    public void Dispose() => observer.Dispose();

    private async Task JoinAsync(FailoverSilences join)
    {
        TimeSpan from = StepObserver.Now;
        string id = await cluster.AddAsync();
        await Task.Delay(Quiet);
        if ((await OwnersAsync()).TryGetValue(id, out IReadOnlySet<int>? moved))
        {
            join.Add(observer.Silences(from, StepObserver.Now), moved.Contains);
        }
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlySet<int>>> OwnersAsync() =>
        (await cluster.PartitionsOfAsync("flow.event")).Where(one => one.Value.Count > 0 && cluster.Workers.ContainsKey(one.Key)).ToDictionary();
}
