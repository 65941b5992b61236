using System.Diagnostics;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Support;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>Load on a cluster while something happens to it, and the verdict.</summary>
internal sealed class FaultRun(FaultCluster cluster, string name, int seed, ITestOutputHelper output)
{
    /// <summary>The usual number of clients. A cluster takes starts of twice as many at once, and refuses more.</summary>
    public const int Clients = 12;

    private const int Plenty = 100_000;

    // A machine that stands still for a minute violates nothing, and a flow that is stuck still is stuck then: the judge waits for so long. That it had to is told.
    private static readonly TimeSpan RestLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RestMax = TimeSpan.FromSeconds(25);
    private readonly ClosedLoop loop = new(cluster.Edge);
    private readonly CancellationTokenSource stop = new();
    private Task clients = Task.CompletedTask;

    public IReadOnlyList<StartHistory> Histories => loop.Histories;

    /// <summary>Flows that a client was told the end of.</summary>
    public int Ended => loop.Histories.Count(history => history.EndSeen);

    /// <summary>The time of the histories.</summary>
    public TimeSpan Now => loop.Now;

    /// <summary>Clients start flows until <see cref="EndAsync"/>. Returns when the first have ended, so that what happens next happens under load.</summary>
    public async Task StartAsync(IEnumerable<(string Id, FlowWork Work)>? extra = null, int count = Plenty, int number = Clients, TimeSpan? limit = null)
    {
        Begin(extra, count, number);
        await MoreEndAsync(number / 2, limit ?? TimeSpan.FromSeconds(30));
    }

    /// <summary>As <see cref="StartAsync"/>, without waiting for anything.</summary>
    public void Begin(IEnumerable<(string Id, FlowWork Work)>? extra = null, int count = Plenty, int number = Clients)
    {
        cluster.Load = this;
        clients = loop.RunAsync((extra ?? []).Concat(Workload.Mixed($"{name}-{seed}", seed, count)), number, stop.Token);
    }

    /// <summary>The clients go, whatever they have begun.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await clients;
    }

    /// <summary>Lets time pass under load, in which something is done again and again.</summary>
    public static async Task ForAsync(TimeSpan time, Func<Task> again)
    {
        long begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin) < time) await again();
    }

    /// <summary>How many flows a second ended while something went on.</summary>
    public async Task<double> RateAsync(Func<Task> meanwhile)
    {
        (int before, TimeSpan began) = (Ended, Now);
        await meanwhile();
        return (Ended - before) / (Now - began).TotalSeconds;
    }

    /// <summary>Waits until so many more flows have ended: the cluster works. Where they do not, the judge says first whether something is wrong rather than late.</summary>
    public async Task MoreEndAsync(int more, TimeSpan limit)
    {
        int before = Ended;
        try
        {
            await Eventually.True(() => Task.FromResult(Ended >= before + more), () => $"{Ended - before} of {more} flows ended. {Unended()}", limit);
        }
        catch (TimeoutException)
        {
            await JudgeBrokenAsync();
            throw;
        }
    }

    /// <summary>Waits until this worker asks for the end of some more transactions: it has partitions, and gets on with them.</summary>
    public async Task WorksAsync(FlowProcess worker, TimeSpan limit)
    {
        const int Some = 10;
        int before = worker.Proxy!.Requests(ApiKey.EndTxn);
        await Eventually.True(
            () => Task.FromResult(worker.Proxy.Requests(ApiKey.EndTxn) >= before + Some), () => $"{worker.Name} has no share of the work\n{cluster.Said()}", limit);
    }

    /// <summary>No more starts; everything comes to rest; the oracle finds nothing.</summary>
    /// <returns>What it judged by.</returns>
    /// <exception cref="TimeoutException">Nothing is wrong, but rest came late.</exception>
    public async Task<Evidence> EndAsync(TimeSpan? restMax = null)
    {
        long begin = Stopwatch.GetTimestamp();
        (Evidence evidence, IReadOnlyList<Violation> violations) = await JudgeAsync(RestLimit);
        TimeSpan rest = Stopwatch.GetElapsedTime(begin);
        Assert.True(violations.Count == 0, $"seed {seed}\n{string.Join("\n", violations.Take(30))}\n{cluster.Said()}");
        return rest < (restMax ?? RestMax) ? evidence : throw new TimeoutException($"seed {seed}: it was {rest} until everything was at rest\n{cluster.Said()}");
    }

    /// <summary>No more starts; everything comes to rest, or has had its time; what the oracle finds.</summary>
    public async Task<(Evidence Evidence, IReadOnlyList<Violation> Violations)> JudgeAsync(TimeSpan patience)
    {
        long begin = Stopwatch.GetTimestamp();
        loop.Finish();
        try
        {
            await clients.WaitAsync(patience);
            await Eventually.True(() => Task.FromResult(cluster.AtRest()), () => "the cluster did not come to rest", patience);
        }
        catch (TimeoutException)
        {
            // The oracle says what is missing; who has what is asked while it still is so.
            output.WriteLine(await StandingAsync());
            await StopAsync();
        }

        Evidence evidence = cluster.Evidence(loop.Histories);
        output.WriteLine($"{name}: {evidence.Starts.Count} starts, {evidence.Ledger.Repeated} of {evidence.Ledger.Count} executions were repetitions, {evidence.Log.All.Count} records, "
            + $"longest silence of ends {LongestSilence().TotalSeconds:0.00} s, rest after {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s");
        if (Environment.GetEnvironmentVariable("CORDA_FAULTS_KEEP") is { Length: > 0 } keep)
        {
            Directory.CreateDirectory(keep);
            await File.WriteAllTextAsync(Path.Combine(keep, name), cluster.Said(int.MaxValue));
        }

        return (evidence, cluster.NewViolations(evidence));
    }

    /// <summary>The longest time in which no client was told an end; of all since <paramref name="since"/> and till now, or between the first end and the last.</summary>
    public TimeSpan LongestSilence(TimeSpan? since = null)
    {
        IEnumerable<TimeSpan> ends = loop.Histories.SelectMany(history => history.Seen.Where(one => StartHistory.IsTerminal(one.State)).Take(1)).Select(one => one.At);
        TimeSpan[] marks = [.. (since is { } from ? ends.Where(end => end > from).Append(from).Append(Now) : ends).Order()];
        return marks.Zip(marks.Skip(1), (one, next) => next - one).DefaultIfEmpty().Max();
    }

    // Where nothing can be read any more there is nothing to judge by.
    private async Task JudgeBrokenAsync()
    {
        try
        {
            await EndAsync();
        }
        catch (Exception cause) when (cause is Confluent.Kafka.KafkaException or HttpRequestException or OperationCanceledException or TimeoutException)
        {
            output.WriteLine($"the judge found nothing wrong, or nothing to judge by: {cause.Message}");
        }
    }

    // A cluster that cannot even tell is judged all the same.
    private async Task<string> StandingAsync()
    {
        try
        {
            return await cluster.StandingAsync();
        }
        catch (Exception cause)
        {
            return $"nobody knows who has what: {cause.Message}";
        }
    }

    private string Unended() => string.Join("; ", loop.Histories.Where(history => !history.EndSeen).Take(5)
        .Select(history => $"{history}: {string.Join(", ", history.Attempts.TakeLast(1).Select(attempt => attempt.Detail))} {string.Join(", ", history.Seen.TakeLast(1))}")) + cluster.Said();
}
