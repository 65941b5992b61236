namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>A fault test that runs every time; skipped where there is no broker to hurt, unless <c>CI=true</c>, where it then fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FaultFactAttribute : FactAttribute
{
    public FaultFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true" && FaultBroker.WhyNone is { } why) Skip = why;
    }
}

/// <summary>A fault test that takes its time: only with <c>CORDA_FAULTS=all</c>, or <c>full</c> for the full lengths; then as <see cref="FaultFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFaultFactAttribute : FactAttribute
{
    public LongFaultFactAttribute() => Skip = WhyNot;

    /// <summary>Why none of them runs now; null if they do.</summary>
    public static string? WhyNot => !FaultLength.Long
        ? "Takes long: CORDA_FAULTS=all runs it, CORDA_FAULTS=full at full length."
        : Environment.GetEnvironmentVariable("CI") == "true" ? null : FaultBroker.WhyNone;
}

/// <summary>As <see cref="LongFaultFactAttribute"/>, in several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFaultTheoryAttribute : TheoryAttribute
{
    public LongFaultTheoryAttribute() => Skip = LongFaultFactAttribute.WhyNot;
}

/// <summary>How long the long tests take.</summary>
internal static class FaultLength
{
    private static readonly string? Asked = Environment.GetEnvironmentVariable("CORDA_FAULTS");

    public static bool Long => Asked is "all" or "full";

    /// <summary>The scaled time, or the full one if that was asked for.</summary>
    public static TimeSpan Of(TimeSpan scaled, TimeSpan full) => Asked == "full" ? full : scaled;
}
