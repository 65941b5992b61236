using System.Net.Http.Json;
using System.Text.Json;
using Corda.Benchmarks.Kafka;

namespace Corda.Demo;

/// <summary>The demo: flows count, one worker of three is killed, the others go on, and the end is checked.</summary>
internal sealed class FailoverDemo(WorkerCluster cluster, string bootstrap)
{
    public const int Partitions = 12;
    private const int Flows = 60;
    private const int Steps = 150;
    private const int StepMs = 100;

    // The start is one too: it begins the first pause.
    private const int Checkpoints = Steps + 1;
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(10);

    private readonly string run = $"demo-{Environment.ProcessId}";

    /// <summary>Runs it; whether everything ended as it should.</summary>
    public async Task<bool> RunAsync()
    {
        using var observer = new StepObserver(bootstrap, "flow.event.state", Partitions);
        Screen.Say($"{Flows} flows start; each counts {Steps} steps of {StepMs} ms, and every step is a checkpoint.");
        await Task.WhenAll(Enumerable.Range(0, Flows).Select(n =>
            cluster.StartFlowAsync($"{run}-{n}", "Countdown", $$"""{"steps":{{Steps}},"delayMs":{{StepMs}}}""")));

        IReadOnlyDictionary<string, IReadOnlySet<int>> owners = await cluster.PartitionsOfAsync("flow.event");
        string victim = owners.Where(owner => cluster.Workers.ContainsKey(owner.Key)).MaxBy(static owner => owner.Value.Count).Key;
        TimeSpan begin = StepObserver.Now;
        TimeSpan? killed = null;
        int ended = 0;
        using var frames = new PeriodicTimer(Frame);
        while (ended < Flows && StepObserver.Now - begin < GiveUpAfter && await frames.WaitForNextTickAsync())
        {
            TimeSpan now = StepObserver.Now;
            if (killed is null && now - begin > KillAfter)
            {
                cluster.Workers[victim].Kill();
                killed = now;
            }

            owners = await cluster.PartitionsOfAsync("flow.event");
            ended = (await StatesAsync()).Count(static state => state is "COMPLETED" or "FAILED" or "KILLED");
            Screen.Draw(now - begin, [.. cluster.Workers.Keys.Select(id => Line(id, id == victim && killed is not null, owners, observer, now))], ended, Flows);
        }

        return await VerdictAsync(observer, victim, killed!.Value);
    }

    private static Screen.Worker Line(
        string id, bool dead, IReadOnlyDictionary<string, IReadOnlySet<int>> owners, StepObserver observer, TimeSpan now)
    {
        IReadOnlySet<int> partitions = owners.GetValueOrDefault(id) ?? new HashSet<int>();
        int steps = dead ? 0 : observer.Between(now - Frame, now).Count(step => partitions.Contains(step.Partition));
        return new Screen.Worker(id, dead, [.. partitions.Order()], steps / Frame.TotalSeconds);
    }

    private async Task<bool> VerdictAsync(StepObserver observer, string victim, TimeSpan killed)
    {
        int completed = (await StatesAsync()).Count(static state => state == "COMPLETED");

        // The observer may be a moment behind the client.
        using (var patience = new PeriodicTimer(Frame))
        {
            TimeSpan from = StepObserver.Now;
            while (observer.Versions().Count(static one => one.Length >= Checkpoints) < Flows && StepObserver.Now - from < SeenWithin)
            {
                await patience.WaitForNextTickAsync();
            }
        }

        IReadOnlyList<long[]> flows = observer.Versions();
        int right = flows.Count(static versions => versions.SequenceEqual(Enumerable.Range(1, Checkpoints).Select(static n => (long)n)));
        TimeSpan gap = observer.Silences(killed - TimeSpan.FromSeconds(1), killed + TimeSpan.FromSeconds(5)).Max(static one => one.Length);
        Screen.Say($"{victim} was killed with SIGKILL. Flows that completed: {completed} of {Flows}.");
        Screen.Say($"Flows whose committed checkpoints in the log are 1, 2, 3 ... {Checkpoints}, none missing and none twice: {right} of {flows.Count}.");
        Screen.Say($"The longest any flow stood still: {gap.TotalMilliseconds:F0} ms (of which {StepMs} ms are its own pace).");
        bool good = completed == Flows && right == Flows && flows.Count == Flows;
        Screen.Verdict(good, good ? "Nothing was lost, nothing was done twice." : "Something went wrong: see above.");
        return good;
    }

    private async Task<IReadOnlyList<string>> StatesAsync()
    {
        var states = new List<string>();
        foreach (int n in Enumerable.Range(0, Flows))
        {
            JsonElement status = await cluster.Client.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/flow/{cluster.Alice}/{run}-{n}", UriKind.Relative));
            states.Add(status.GetProperty("flowStatus").GetString()!);
        }

        return states;
    }
}
