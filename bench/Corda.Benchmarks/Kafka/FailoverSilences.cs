namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The longest silence of every flow in every round, in milliseconds: of those whose worker went (or whose partition moved), of the others, and before anything happened.
/// </summary>
internal sealed class FailoverSilences
{
    private readonly List<double> affected = [];
    private readonly List<double> others = [];
    private readonly List<double> calm = [];

    public void Add(IEnumerable<StepObserver.Silence> silences, Func<int, bool> isAffected)
    {
        foreach (StepObserver.Silence one in silences)
        {
            (isAffected(one.Partition) ? affected : others).Add(one.Length.TotalMilliseconds);
        }
    }

    public void AddCalm(IEnumerable<StepObserver.Silence> silences) => calm.AddRange(silences.Select(static one => one.Length.TotalMilliseconds));

    /// <summary>The quantile, as text.</summary>
    public string Affected(double p) => At(affected, p);

    /// <inheritdoc cref="Affected"/>
    public string Others(double p) => At(others, p);

    /// <inheritdoc cref="Affected"/>
    public string Calm(double p) => At(calm, p);

    /// <summary>Percent of the flows that were affected.</summary>
    public double AffectedShare => 100.0 * affected.Count / Math.Max(1, affected.Count + others.Count);

    private static string At(List<double> values, double p)
    {
        if (values.Count == 0) return "-";
        values.Sort();
        return $"{values[(int)(p * (values.Count - 1))]:F0}";
    }
}
