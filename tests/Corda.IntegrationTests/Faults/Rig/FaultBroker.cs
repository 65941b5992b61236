using System.Globalization;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Kafka;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>
/// Brokers of a cluster's own, which nothing compacts. A single one has, beside the way for everybody, a listener for each proxy, and advertises the proxy there: so each worker
/// has a network of its own that can be bad.
/// </summary>
internal sealed class FaultBroker : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);
    private readonly Broker broker;
    private readonly int brokers;

    private FaultBroker(Broker broker, int brokers, string bootstrap, IReadOnlyList<ChaosProxy> proxies)
    {
        (this.broker, this.brokers) = (broker, brokers);
        Bootstrap = bootstrap;
        Proxies = proxies;
    }

    /// <summary>The straight way.</summary>
    public string Bootstrap { get; }

    public IReadOnlyList<ChaosProxy> Proxies { get; }

    /// <summary>Why there can be none; null if there can.</summary>
    public static string? WhyNone => KafkaTool.Find(out string? why) is null ? why : null;

    /// <summary>Where each broker keeps its copy of the log.</summary>
    public IEnumerable<string> DataFolders => Enumerable.Range(1, brokers).Select(number => Path.Combine(broker.Folder, "c", $"broker-{number}", "data"));

    public void Kill(int number = 1) => broker.Kill(number);

    /// <summary>In good order.</summary>
    public void Stop(int number = 1) => Tool().Run(StopTimeout, "stop", Path.Combine(broker.Folder, "c"), $"{number}");

    public void Up(int number = 1) => broker.Up(number);

    /// <summary>As <see cref="Up"/>, for the only broker.</summary>
    /// <returns>When it first answered a client.</returns>
    public async Task<DateTimeOffset> UpServingAsync()
    {
        Task<DateTimeOffset> serving = Task.Run(new LogDump(Bootstrap).FirstAnswer);
        Up();
        return await serving;
    }

    /// <summary>All of them serve again.</summary>
    public void Repair()
    {
        for (int number = 1; number <= brokers; number++)
        {
            Resume(number);
            Up(number);
        }
    }

    public void Pause(int number = 1) => broker.Pause(number);

    public void Resume(int number = 1) => broker.Resume(number);

    public string Tool(params string[] arguments) => broker.Tool(arguments);

    /// <summary>The broker that coordinates this group.</summary>
    public int CoordinatorOf(string group) =>
        Rows(Tool("consumer-groups", "--bootstrap-server", Bootstrap, "--describe", "--group", group, "--state"))
            .Where(row => row[0] == group)
            .Select(row => Number(row[2].Trim('(', ')')))
            .First();

    /// <summary>The broker that coordinates most of the transactions of today.</summary>
    public int CoordinatorOfTransactions() =>
        Rows(Tool("transactions", "--bootstrap-server", Bootstrap, "list"))
            .Where(row => row.Length > 1 && int.TryParse(row[1], CultureInfo.InvariantCulture, out _)) // the tool heads its table, and may warn before it
            .GroupBy(row => Number(row[1])).MaxBy(brokers => brokers.Count())!.Key;

    /// <summary>Three brokers, without proxies.</summary>
    public static FaultBroker StartThree()
    {
        Broker three = Broker.Start(Tool(), brokers: 3, Common);
        return new FaultBroker(three, brokers: 3, three.Bootstrap, []);
    }

    /// <summary>One broker.</summary>
    public static FaultBroker StartOne(int proxies, int seed)
    {
        ProxiedListeners listeners = ProxiedListeners.Open(proxies, seed);
        Broker one = Broker.Start(Tool(), brokers: 1, [.. Common, .. listeners.BrokerSettings]);
        return new FaultBroker(one, brokers: 1, listeners.Bootstrap, listeners.Proxies);
    }

    public async ValueTask DisposeAsync()
    {
        broker.Dispose();
        foreach (ChaosProxy proxy in Proxies) await proxy.DisposeAsync();
    }

    // The oracle wants every version of every state.
    private static string[] Common => ["log.cleaner.enable=false", "group.consumer.session.timeout.ms=3000", "group.consumer.heartbeat.interval.ms=200"];

    private static IEnumerable<string[]> Rows(string table) =>
        table.Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Where(row => row.Length > 2);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static KafkaTool Tool() => KafkaTool.Find(out string? why) ?? throw new InvalidOperationException(why);
}
