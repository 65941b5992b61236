using System.Globalization;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// A limit of the kernel for a process, as if it were on a small machine of its own. Control groups of Linux, version 1 or 2; needs to be root. Ends with its disposal.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private const int PeriodMicroseconds = 20_000;
    private const string Root = "/sys/fs/cgroup";
    private static readonly bool IsVersion2 = File.Exists($"{Root}/cgroup.controllers");
    private static int made;
    private readonly string parent;
    private readonly string folder;

    private ControlGroup(string controller, params (string File, string Value)[] limits)
    {
        parent = IsVersion2 ? Root : $"{Root}/{controller}";
        folder = $"{parent}/corda-bench-{Environment.ProcessId}-{Interlocked.Increment(ref made)}";
        try
        {
            if (IsVersion2) File.WriteAllText($"{Root}/cgroup.subtree_control", $"+{controller}");
            Directory.CreateDirectory(folder);
            foreach ((string file, string value) in limits) File.WriteAllText($"{folder}/{file}", value);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(folder)) Directory.Delete(folder);
            throw new InvalidOperationException($"This machine lets nobody limit a process (control group '{controller}', root): {refused.Message}", refused);
        }
    }

    /// <summary>Processes that are written into it are limited, and so are their children.</summary>
    public string ProcessesFile => $"{folder}/cgroup.procs";

    /// <summary>A part of a core.</summary>
    /// <exception cref="InvalidOperationException">This machine does not let us.</exception>
    public static ControlGroup OfCores(double cores)
    {
        string quota = Text((long)(cores * PeriodMicroseconds));
        string period = Text(PeriodMicroseconds);
        return IsVersion2 ? new ControlGroup("cpu", ("cpu.max", $"{quota} {period}")) : new ControlGroup("cpu", ("cpu.cfs_period_us", period), ("cpu.cfs_quota_us", quota));
    }

    /// <summary>So much memory; the cache of files counts, but gives way.</summary>
    /// <exception cref="InvalidOperationException">This machine does not let us.</exception>
    public static ControlGroup OfMemory(long bytes) => new("memory", (IsVersion2 ? "memory.max" : "memory.limit_in_bytes", Text(bytes)));

    /// <summary>Limits a process that runs.</summary>
    public ControlGroup Take(int process)
    {
        File.WriteAllText(ProcessesFile, Text(process));
        return this;
    }

    public void Dispose()
    {
        foreach (string process in File.ReadAllLines(ProcessesFile))
        {
            try
            {
                File.WriteAllText($"{parent}/cgroup.procs", process);
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        Directory.Delete(folder);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
