using System.Diagnostics;
using Corda.IntegrationTests.Support;

namespace Corda.IntegrationTests.Kafka;

/// <summary>The script that starts and stops brokers: <c>kafka</c> of a test kit, or <c>kafka-kraft.sh</c> of ours for an unpacked Apache Kafka distribution.</summary>
internal sealed class KafkaTool
{
    private const string HowTo =
        "No Kafka to test against. Set CORDA_TEST_KAFKA=host:port to use a running broker, KAFKA_HOME to an unpacked Apache Kafka distribution (4.0 or newer, with Java 17), "
        + "or put a test kit with its script 'kafka' in ../shared/kafka beside the repository.";

    private readonly IReadOnlyDictionary<string, string> environment;

    private KafkaTool(string path, params (string Name, string Value)[] environment)
    {
        Path = path;
        this.environment = environment.ToDictionary(static v => v.Name, static v => v.Value);
        foreach ((string name, string value) in environment)
        {
            // The watchdog runs the script too.
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    public string Path { get; }

    /// <summary>The script, or why there is none.</summary>
    public static KafkaTool? Find(out string? why)
    {
        why = null;
        if (Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } home)
        {
            return InHome(home, out why);
        }

        for (DirectoryInfo? folder = new(HostProcess.RepositoryRoot()); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "shared", "kafka", "kafka");
            if (File.Exists(candidate))
            {
                return new KafkaTool(candidate);
            }
        }

        why = HowTo;
        return null;
    }

    /// <summary>Runs it; what it says is the result.</summary>
    public string Run(TimeSpan timeout, params string[] arguments)
    {
        // Its brokers inherit what it writes to: a pipe would never end.
        string said = System.IO.Path.GetTempFileName();
        var start = new ProcessStartInfo("bash") { WorkingDirectory = "/" };
        foreach (string argument in (string[])["-c", "out=$0; exec \"$@\" >\"$out\" 2>&1 </dev/null", said, Path, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        bool ended = process.WaitForExit(timeout);
        string text = File.ReadAllText(said);
        File.Delete(said);
        if (!ended || process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path} {string.Join(' ', arguments)} {(ended ? $"ended with {process.ExitCode}" : $"did not end within {timeout}")}:\n{text}");
        }

        return text;
    }

    private static KafkaTool? InHome(string home, out string? why)
    {
        why = null;
        string kit = System.IO.Path.Combine(home, "kafka");
        if (File.Exists(kit))
        {
            return new KafkaTool(kit);
        }

        if (File.Exists(System.IO.Path.Combine(home, "bin", "kafka-server-start.sh")))
        {
            string script = System.IO.Path.Combine(HostProcess.RepositoryRoot(), "tests", "Corda.IntegrationTests", "Kafka", "kafka-kraft.sh");
            return new KafkaTool(script, ("KAFKA_HOME", home));
        }

        why = $"KAFKA_HOME={home} holds neither a script 'kafka' nor bin/kafka-server-start.sh. {HowTo}";
        return null;
    }
}
