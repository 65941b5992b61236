namespace Corda.Benchmarks.Kafka;

/// <summary>Quantiles as tables show them.</summary>
internal static class Quantile
{
    /// <summary>The value below which the share <paramref name="p"/> of them lies; the last one for 1.</summary>
    public static double Of(IEnumerable<double> values, double p)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[(int)(p * (sorted.Length - 1))];
    }

    /// <summary>The same in whole numbers; a dash for none.</summary>
    public static string Text(IReadOnlyCollection<double> values, double p) => values.Count == 0 ? "-" : $"{Of(values, p):F0}";
}
