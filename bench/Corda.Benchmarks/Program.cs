using System.Runtime.InteropServices;
using Corda.Benchmarks;
using Corda.Benchmarks.Kafka;

int failoverRuns = int.TryParse(Environment.GetEnvironmentVariable("CORDA_BENCH_RUNS"), out int runs) ? runs : 20;
const string Known = "checkpoint, engine, bus, state-and-event, flows, memory; with a broker: kafka, scale, failover, standby.";

if (args is ["memory-phase", .. string[] phase])
{
    MemoryMeasurements.RunPhase(phase);
    return 0;
}

string[] wanted = args.Length == 0 ? ["checkpoint", "engine", "bus", "state-and-event", "flows"] : args;
Console.WriteLine($"{Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}");
string folder = Directory.CreateTempSubdirectory("corda-bench-").FullName;
try
{
    foreach (string benchmark in wanted)
    {
        Console.WriteLine();
        Console.WriteLine($"## {benchmark}");
        switch (benchmark)
        {
            case "checkpoint":
                CheckpointBenchmark.Run();
                break;
            case "engine":
                EngineBenchmark.Run();
                break;
            case "flows":
                await FlowBenchmark.RunAsync(folder);
                break;
            case "state-and-event":
                StateAndEventMeasurements.Run(Path.Combine(folder, "state-and-event"));
                break;
            case "memory":
                MemoryMeasurements.Run(Path.Combine(folder, "memory"));
                break;
            case "kafka":
                await KafkaBenchmark.WithBrokerAsync(static bootstrap => Task.Run(() => KafkaBenchmark.Run(bootstrap)));
                break;
            case "scale":
                await KafkaBenchmark.WithBrokerAsync(bootstrap => new ScaleBenchmark(Path.Combine(folder, "scale"), bootstrap).RunAsync());
                break;
            case "failover":
                await KafkaBenchmark.WithBrokerAsync(bootstrap => new FailoverBenchmark(Path.Combine(folder, "failover"), bootstrap).RunAsync(failoverRuns, "failover.png"));
                break;
            case "standby":
                await new StandbyBenchmark(Path.Combine(folder, "standby")).RunAsync(failoverRuns);
                break;
            case "bus":
                BusMeasurements.Run(Path.Combine(folder, "bus"));
                break;
            default:
                Console.Error.WriteLine($"There is no benchmark '{benchmark}'; there are: {Known}");
                return 1;
        }
    }

    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
