namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Gives each of some processes a part of a core: several workers on one machine else share what one of them could have had alone. Ends with its disposal.
/// </summary>
internal sealed class CpuQuota : IDisposable
{
    private readonly List<ControlGroup> groups = [];

    private CpuQuota()
    {
    }

    /// <summary>Why no process can be limited here; null if it can.</summary>
    public static string? WhyNone
    {
        get
        {
            try
            {
                using ControlGroup tried = ControlGroup.OfCores(1);
                return null;
            }
            catch (InvalidOperationException refused)
            {
                return refused.Message;
            }
        }
    }

    /// <summary>Limits each of the processes.</summary>
    /// <exception cref="InvalidOperationException">This machine does not let us.</exception>
    public static CpuQuota Give(IEnumerable<int> processes, double cores)
    {
        var quota = new CpuQuota();
        try
        {
            foreach (int process in processes)
            {
                ControlGroup group = ControlGroup.OfCores(cores);
                quota.groups.Add(group);
                group.Take(process);
            }

            return quota;
        }
        catch
        {
            quota.Dispose();
            throw;
        }
    }

    public void Dispose() => groups.ForEach(static group => group.Dispose());
}
