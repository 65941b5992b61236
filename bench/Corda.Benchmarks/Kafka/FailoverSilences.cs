namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The longest silence of every flow in every round, in milliseconds: of those whose worker went (or whose partition moved), of the others, and of all in as long a time
/// in which nothing happened.
/// </summary>
internal sealed class FailoverSilences
{
    public const string Heads = "affected flows p50 ms | p95 ms | max ms | other flows p50 ms | p95 ms | max ms | calm p50 ms | p95 ms | max ms | silent to the end";
    public const string Line = "---:|---:|---:|---:|---:|---:|---:|---:|---:|---:";
    private readonly List<double> affected = [];
    private readonly List<double> others = [];
    private readonly List<double> calm = [];
    private readonly List<double> longest = [];
    private int stillSilent;

    /// <summary>How often somebody was affected.</summary>
    public int Rounds { get; private set; }

    public void Add(IReadOnlyList<StepObserver.Silence> silences, Func<int, bool> isAffected)
    {
        Rounds++;
        foreach (StepObserver.Silence one in silences)
        {
            (isAffected(one.Partition) ? affected : others).Add(one.Length.TotalMilliseconds);
        }

        longest.Add(silences.Where(one => isAffected(one.Partition)).Select(static one => one.Length.TotalMilliseconds).DefaultIfEmpty(double.NaN).Max());
        stillSilent += silences.Count(static one => one.Next is null);
    }

    public void AddCalm(IEnumerable<StepObserver.Silence> silences) => calm.AddRange(silences.Select(static one => one.Length.TotalMilliseconds));

    /// <summary>The quantile, as text.</summary>
    public string Affected(double p) => Quantile.Text(affected, p);

    /// <inheritdoc cref="Affected"/>
    public string Others(double p) => Quantile.Text(others, p);

    /// <summary>The cells below <see cref="Heads"/>.</summary>
    public string Cells => $"{ThreeOf(affected)} | {ThreeOf(others)} | {ThreeOf(calm)} | {stillSilent}";

    /// <summary>The longest silence of an affected flow in each round, in their order: whether the first death is slower than the others.</summary>
    public string RoundByRound => string.Join(' ', longest.Select(static one => $"{one:F0}"));

    /// <summary>Percent of the flows that were affected.</summary>
    public double AffectedShare => 100.0 * affected.Count / Math.Max(1, affected.Count + others.Count);

    private static string ThreeOf(List<double> some) => $"{Quantile.Text(some, 0.5)} | {Quantile.Text(some, 0.95)} | {Quantile.Text(some, 1)}";
}
