using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Corda.Benchmarks;
using Corda.Benchmarks.Kafka;
using Corda.IntegrationTests.Support;

int failoverRuns = Number("CORDA_BENCH_RUNS", 20);
string[] failoverWays = (Environment.GetEnvironmentVariable("CORDA_BENCH_WAYS") ?? "kill,end,stop,cut").Split(',');
int otherRuns = Number("CORDA_BENCH_OTHER_RUNS", failoverRuns);

// Those that need nothing and take minutes are run where none is named.
string[] withoutBroker = ["checkpoint", "engine", "bus", "state-and-event", "flows"];
// The restart comes before the failover, which uses both group protocols: a broker of 4.2 that restarts cannot load a group that has changed from one to the other.
string[] withBroker = ["kafka", "scale", "restart", "failover", "standby"];

if (args is [MemoryPhase.Argument, .. string[] phase])
{
    MemoryPhase.Run(phase);
    return 0;
}

string[] wanted = [.. (args.Length == 0 ? withoutBroker : args).SelectMany(name => name == "broker" ? withBroker : [name])];
Console.WriteLine($"{DateTime.UtcNow.ToString("u", CultureInfo.InvariantCulture)}, commit {Commit()}, {Environment.ProcessorCount} processors, "
    + $"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, {RuntimeInformation.FrameworkDescription}");
string folder = Directory.CreateTempSubdirectory("corda-bench-").FullName;

// One for all that are named, started by the first that needs it.
var broker = new Lazy<BenchBroker>(BenchBroker.Start);
var benchmarks = new Dictionary<string, Func<string, Task>>
{
    ["checkpoint"] = static _ => Task.Run(() => CheckpointBenchmark.Run()),
    ["engine"] = static _ => Task.Run(() => EngineBenchmark.Run()),
    ["bus"] = static own => Task.Run(() => BusMeasurements.Run(own)),
    ["state-and-event"] = static own => Task.Run(() => StateAndEventMeasurements.Run(own)),
    ["flows"] = static own => FlowBenchmark.RunAsync(own),
    ["memory"] = static own => Task.Run(() => MemoryMeasurements.Run(own)),
    ["kafka"] = own => Task.Run(() => new KafkaBenchmark(own, broker.Value.Bootstrap).Run()),
    ["scale"] = own => new ScaleBenchmark(own, broker.Value).RunAsync(),
    ["failover"] = own => new FailoverBenchmark(own, broker.Value).RunAsync(failoverRuns, otherRuns, failoverWays, "failover.png"),
    ["restart"] = own => new RestartBenchmark(own, broker.Value).RunAsync(failoverRuns),
    ["standby"] = own => new StandbyBenchmark(own, broker.Value).RunAsync(otherRuns),
    ["kafka-memory"] = own => new MemoryOnKafka(own, broker.Value).RunAsync(),
};
try
{
    foreach (string benchmark in wanted)
    {
        Console.WriteLine();
        Console.WriteLine($"## {benchmark}");
        if (!benchmarks.TryGetValue(benchmark, out Func<string, Task>? run))
        {
            Console.Error.WriteLine($"There is no benchmark '{benchmark}'; there are: {string.Join(", ", benchmarks.Keys)}, broker ({string.Join(", ", withBroker)}).");
            return 1;
        }

        await run(Path.Combine(folder, benchmark));
    }

    return 0;
}
finally
{
    if (broker.IsValueCreated) await broker.Value.DisposeAsync();
    Directory.Delete(folder, recursive: true);
}

static int Number(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out int number) ? number : otherwise;

static string Commit()
{
    var describe = new ProcessStartInfo("git", ["-C", HostProcess.RepositoryRoot(), "describe", "--always", "--dirty"]) { UseShellExecute = false, RedirectStandardOutput = true };
    using Process git = Process.Start(describe)!;
    return git.StandardOutput.ReadToEnd().Trim();
}
