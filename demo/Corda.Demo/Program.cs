using Corda.Benchmarks.Kafka;
using Corda.Demo;
using Corda.IntegrationTests.Kafka;

string folder = Directory.CreateTempSubdirectory("corda-demo-").FullName;
try
{
    string? given = Environment.GetEnvironmentVariable("CORDA_TEST_KAFKA") is { Length: > 0 } bootstrapServers ? bootstrapServers : null;
    if (given is null && KafkaTool.Find(out string? whyNone) is null)
    {
        Screen.Say(whyNone!);
        return 2;
    }

    Screen.Say("Starting a broker, one worker for REST and three for flows ...");
    using Broker? own = given is null ? Broker.Start(KafkaTool.Find(out _)!, 1) : null;
    string bootstrap = given ?? own!.Bootstrap;
    await using WorkerCluster cluster = await WorkerCluster.StartAsync(folder, bootstrap, FailoverDemo.Partitions, flowWorkers: 3);
    return await new FailoverDemo(cluster, bootstrap).RunAsync() ? 0 : 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
