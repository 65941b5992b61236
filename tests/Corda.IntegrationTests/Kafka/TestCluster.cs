namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// The brokers that all tests of a run share: those of <c>CORDA_TEST_KAFKA</c>, else our own, started when the first test asks and stopped with the run.
/// <c>CORDA_TEST_KAFKA_BROKERS=3</c> starts three.
/// </summary>
internal static class TestCluster
{
    private static readonly Lazy<string> Shared = new(Open);

    // Held: its watchdog ends it with this process, or when nobody holds it.
    private static Broker? ours;

    /// <summary>How many brokers of our own.</summary>
    public static int Brokers => int.TryParse(Environment.GetEnvironmentVariable("CORDA_TEST_KAFKA_BROKERS"), out int brokers) ? brokers : 1;

    /// <summary>Where the shared brokers listen.</summary>
    public static string Bootstrap => Shared.Value;

    /// <summary>Why a test that needs a broker is skipped; null where it runs. With <c>CI=true</c> it runs, and fails where there is none.</summary>
    public static string? SkipShared => IsCI ? null : WhyNone;

    /// <summary>As <see cref="SkipShared"/>, of a test that needs a broker of its own.</summary>
    public static string? SkipOwn => IsCI ? null : WhyOwn;

    private static bool IsCI => Environment.GetEnvironmentVariable("CI") == "true";

    private static string? WhyNone
    {
        get
        {
            string? why = null;
            return Given is not null || KafkaTool.Find(out why) is not null ? null : why;
        }
    }

    // A broker that was given is somebody else's: it is not harmed, and has the settings and listeners that it has.
    private static string? WhyOwn => KafkaTool.Find(out string? why) is not null
        ? null
        : $"{(Given is null ? "" : "This test needs a broker of its own, beside that of CORDA_TEST_KAFKA. ")}{why}";

    private static string? Given => Environment.GetEnvironmentVariable("CORDA_TEST_KAFKA") is { Length: > 0 } bootstrap ? bootstrap : null;

    /// <summary>Log segments of a second, compaction at once: a test can wait for it. Session times of the consumer protocol are the broker's.</summary>
    private static string[] Common =>
    [
        "log.cleaner.backoff.ms=100", "log.cleaner.min.cleanable.ratio=0.01", "log.roll.ms=1000",
        "group.consumer.session.timeout.ms=1200", "group.consumer.heartbeat.interval.ms=200",
    ];

    /// <summary>Starts brokers for one test that does them harm, or needs other settings.</summary>
    public static Broker StartOwn(int brokers = 1, params string[] settings) => Broker.Start(Tool(), brokers, [.. Common, .. settings]);

    private static string Open() => Given ?? (ours = Broker.Start(Tool(), Brokers, Common)).Bootstrap;

    private static KafkaTool Tool() => KafkaTool.Find(out string? why) ?? throw new InvalidOperationException(why);
}
