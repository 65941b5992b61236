using System.Globalization;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Gives each of some processes a part of a core, as if it were a small machine of its own: several workers on one machine else share what one of them could have had
/// alone. Control groups of Linux, version 1 or 2; needs to be root. Ends with its disposal.
/// </summary>
internal sealed class CpuQuota : IDisposable
{
    private const int PeriodMicroseconds = 20_000;
    private const string Root = "/sys/fs/cgroup";
    private static readonly bool IsVersion2 = File.Exists($"{Root}/cgroup.controllers");
    private static readonly string Controller = IsVersion2 ? Root : $"{Root}/cpu";
    private readonly List<string> groups = [];

    private CpuQuota()
    {
    }

    /// <summary>Limits each of the processes; null where this machine does not let us.</summary>
    public static CpuQuota? TryGive(IEnumerable<int> processes, double cores)
    {
        var quota = new CpuQuota();
        try
        {
            foreach (int process in processes) quota.Limit(process, (int)(cores * PeriodMicroseconds));
            return quota;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            quota.Dispose();
            return null;
        }
    }

    public void Dispose()
    {
        foreach (string group in groups)
        {
            foreach (string process in File.ReadAllLines($"{group}/cgroup.procs")) File.WriteAllText($"{Controller}/cgroup.procs", process);
            Directory.Delete(group);
        }
    }

    private void Limit(int process, int microseconds)
    {
        string group = $"{Controller}/corda-bench-{process}";
        Directory.CreateDirectory(group);
        groups.Add(group);
        if (IsVersion2)
        {
            File.WriteAllText($"{group}/cpu.max", $"{microseconds} {PeriodMicroseconds}");
        }
        else
        {
            File.WriteAllText($"{group}/cpu.cfs_period_us", PeriodMicroseconds.ToString(CultureInfo.InvariantCulture));
            File.WriteAllText($"{group}/cpu.cfs_quota_us", microseconds.ToString(CultureInfo.InvariantCulture));
        }

        File.WriteAllText($"{group}/cgroup.procs", process.ToString(CultureInfo.InvariantCulture));
    }
}
