namespace Corda.Benchmarks.Kafka;

/// <summary>Ends workers and starts others, round by round, under flows that each make a step every <see cref="Pace"/>, and tells their silences.</summary>
internal sealed class FailoverRounds(WorkerCluster cluster, string bootstrap, int partitions) : IDisposable
{
    private const string StateTopic = "flow.event.state";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    // A process that has just joined compiles its code, at the cost of all on the same cores: what is measured is the end of a worker that is at work for some time.
    private static readonly TimeSpan Warming = TimeSpan.FromSeconds(12);
    private readonly StepObserver observer = new(bootstrap, StateTopic, partitions);

    // How long the last join was watched: a calm of the same length is held against it.
    private TimeSpan joined;

    /// <summary>Starts a new worker's process in place of one that has gone.</summary>
    public Func<string, string[]> SettingsInPlaceOf { get; init; } = static _ => [];

    public Task Kill(string worker)
    {
        cluster.Workers[worker].Kill();
        return Task.CompletedTask;
    }

    public Task Terminate(string worker) => cluster.Workers[worker].TerminateAsync();

    public Task Pause(string worker)
    {
        cluster.Workers[worker].Pause();
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
    /// <param name="watch">How long a takeover may take; as long a calm before it is held against it.</param>
    /// <param name="end">Ends the worker of that id; its task is over when the worker may be removed.</param>
    /// <param name="join">Takes the silences while the other one joins.</param>
    /// <param name="plotFile">Where the first round is drawn.</param>
    public async Task<FailoverSilences> RunAsync(int rounds, TimeSpan watch, Func<string, Task> end, FailoverSilences join, string? plotFile = null)
    {
        var silences = new FailoverSilences();
        for (int round = 0; round < rounds; round++)
        {
            await CalmAsync(watch, silences, join);
            IReadOnlyDictionary<string, IReadOnlySet<int>> owners = await OwnersAsync();
            string victim = owners.Keys.Order(StringComparer.Ordinal).ElementAt(round % owners.Count);
            TimeSpan ending = StepObserver.Now;
            Task ended = end(victim);
            await Task.Delay(watch);
            TimeSpan until = StepObserver.Now;
            silences.Add(observer.Silences(ending, until), owners[victim].Contains);
            if (plotFile is not null && round == 0) FailoverPlot.Save(plotFile, observer.Between(ending - Settling, until), ending, owners[victim]);

            await ended;
            cluster.Remove(victim);
            await JoinAsync(join, SettingsInPlaceOf(victim));
        }

        return silences;
    }

    /// <summary>Each round lets the broker be killed and started again.</summary>
    /// <param name="rounds">How many.</param>
    /// <param name="watch">How long flows may take to go on.</param>
    /// <param name="restart">Kills the broker and starts it; tells when it first answered.</param>
    public async Task<BrokerRestarts> RestartBrokerAsync(int rounds, TimeSpan watch, Func<Task<TimeSpan>> restart)
    {
        List<double> gone = [], first = [], last = [];
        int silent = 0;
        for (int round = 0; round < rounds; round++)
        {
            await Task.Delay(Settling);
            TimeSpan killing = StepObserver.Now;
            TimeSpan answered = await restart();
            await Task.Delay(watch);
            TimeSpan until = StepObserver.Now;
            IReadOnlyList<StepObserver.Silence> silences = observer.Silences(answered, until);
            TimeSpan[] next = [.. silences.Select(one => one.Next ?? until - answered)];
            gone.Add((answered - killing).TotalMilliseconds);
            first.Add(next.Min().TotalMilliseconds);
            last.Add(next.Max().TotalMilliseconds);
            silent += silences.Count(static one => one.Next is null);
        }

        return new BrokerRestarts(gone, first, last, silent);
    }

    public void Dispose() => observer.Dispose();

    // As long as what it will be held against, and nothing may happen in it.
    private async Task CalmAsync(TimeSpan watch, FailoverSilences silences, FailoverSilences join)
    {
        TimeSpan calm = Settling + (watch > joined ? watch : joined);
        await Task.Delay(calm > Warming ? calm : Warming);
        TimeSpan now = StepObserver.Now;
        silences.AddCalm(observer.Silences(now - watch, now));
        if (joined > TimeSpan.Zero) join.AddCalm(observer.Silences(now - joined, now));
        joined = TimeSpan.Zero;
    }

    private async Task JoinAsync(FailoverSilences join, string[] settings)
    {
        TimeSpan from = StepObserver.Now;
        string id = await cluster.AddAsync(settings);
        await Task.Delay(Settling);
        TimeSpan to = StepObserver.Now;
        if (!(await OwnersAsync()).TryGetValue(id, out IReadOnlySet<int>? moved)) return;
        join.Add(observer.Silences(from, to), moved.Contains);
        joined = to - from;
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlySet<int>>> OwnersAsync() =>
        (await cluster.PartitionsOfAsync("flow.event")).Where(one => one.Value.Count > 0 && cluster.Workers.ContainsKey(one.Key)).ToDictionary();
}
