namespace Corda.Tests.Simulation;

/// <summary>What goes wrong at a point.</summary>
public enum Fault
{
    /// <summary>Nothing: the undisturbed run, which counts the points.</summary>
    None,

    /// <summary>The process dies before the operation has had any effect.</summary>
    CrashBefore,

    /// <summary>The process dies after the operation has had its effect, before it knows.</summary>
    CrashAfter,

    /// <summary>The operation has its effect, but its caller is told that nobody knows.</summary>
    LostAcknowledgement,

    /// <summary>The operation has no effect; its caller may try again.</summary>
    Transient,

    /// <summary>A second worker joins the group at this moment.</summary>
    Rebalance,

    /// <summary>The worker stands still before the operation; another takes over all it has and ends it; then the first goes on with what it was about to do.</summary>
    Zombie,
}

/// <summary>
/// One planned fault: the n-th I/O operation of a run. Points are counted in the order in which they happen; which thread meets which is up to the
/// scheduler, so a plan names the kind of moment, and the oracle must hold for every schedule.
/// </summary>
public sealed class FaultPlan(int point, Fault fault)
{
    private int met;

    /// <summary>How many points the run has met so far.</summary>
    public int Met => Volatile.Read(ref met);

    /// <summary>Where the fault struck; null while it has not.</summary>
    public string? StruckAt { get; private set; }

    /// <summary>The fault that strikes at this point: nearly always <see cref="Fault.None"/>.</summary>
    public Fault Next(string where)
    {
        if (Interlocked.Increment(ref met) != point) return Fault.None;
        StruckAt = where;
        return fault;
    }

    public override string ToString() => $"{fault} at point {point} ({StruckAt ?? "not met"})";
}
