using System.Diagnostics;

namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// Brokers of our own, in a temporary folder. A shell beside them waits for the end of this process, however it ends, and then stops them and removes the
/// folder.
/// </summary>
internal sealed class Broker : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    private readonly KafkaTool kafka;
    private readonly string folder;
    private readonly Process watchdog;

    private Broker(KafkaTool kafka, string folder, Process watchdog, string bootstrap)
    {
        this.kafka = kafka;
        this.folder = folder;
        this.watchdog = watchdog;
        Bootstrap = bootstrap;
    }

    /// <summary>Where they listen.</summary>
    public string Bootstrap { get; }

    /// <summary>Their folder: <c>broker-1</c> and so on, each with its <c>log</c>.</summary>
    public string Folder => folder;

    /// <summary>Starts brokers and waits until they serve.</summary>
    public static Broker Start(KafkaTool kafka, int brokers, params string[] settings)
    {
        string home = Directory.CreateTempSubdirectory("corda-kafka-").FullName;
        Process watcher = Watch(kafka, home);
        string[] arguments = ["start", Path.Combine(home, "c"), "--brokers", $"{brokers}", .. settings.SelectMany(static s => new[] { "--set", s })];
        try
        {
            string bootstrap = kafka.Run(StartTimeout, arguments).Trim().Split('\n')[^1];
            return new Broker(kafka, home, watcher, bootstrap);
        }
        catch
        {
            watcher.StandardInput.Close();
            throw;
        }
    }

    /// <summary>Stands still, as a frozen machine does: its connections stay open.</summary>
    public void Pause(int broker = 1) => kafka.Run(StartTimeout, "pause", Cluster, $"{broker}");

    /// <summary>Goes on.</summary>
    public void Resume(int broker = 1) => kafka.Run(StartTimeout, "resume", Cluster, $"{broker}");

    /// <summary>SIGKILL.</summary>
    public void Kill(int broker = 1) => kafka.Run(StartTimeout, "kill", Cluster, $"{broker}");

    /// <summary>Starts a broker again that was killed or stopped: same port, same data.</summary>
    public void Up(int broker = 1) => kafka.Run(StartTimeout, "up", Cluster, $"{broker}");

    /// <summary>One of Kafka's own tools.</summary>
    public string Tool(params string[] arguments) => kafka.Run(StartTimeout, ["tool", .. arguments]);

    public void Dispose()
    {
        watchdog.StandardInput.Close();
        watchdog.WaitForExit();
        watchdog.Dispose();
    }

    private string Cluster => Path.Combine(folder, "c");

    // Reading from a pipe whose other end this process holds: the end of the process, kill -9 included, ends the reading.
    private static Process Watch(KafkaTool kafka, string folder)
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        const string Script = "cat >/dev/null; \"$0\" kill \"$1/c\" >/dev/null 2>&1; rm -rf \"$1\"";
        foreach (string argument in new[] { "bash", "-c", Script, kafka.Path, folder })
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
