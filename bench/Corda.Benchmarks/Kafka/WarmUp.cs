namespace Corda.Benchmarks.Kafka;

/// <summary>
/// A worker's code is compiled while it works, in full only after thousands of calls: who is measured first would be slow for no other reason. So every kind of flow runs until it
/// runs no faster any more.
/// </summary>
internal static class WarmUp
{
    private const int Clients = 64;
    private const double Noise = 1.05;
    private const int LookBack = 3;
    private const int WindowsMax = 20;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>Runs until the best of the last windows is no better than the best before, or for a minute.</summary>
    public static async Task UntilSteadyAsync(string what, Func<long, Task> work)
    {
        var rates = new List<double>();
        long started = 0;
        while (rates.Count < WindowsMax && !IsSteady(rates))
        {
            rates.Add((await Load.RunAsync(Clients, Window, _ => work(Interlocked.Increment(ref started)))).PerSecond);
        }

        if (IsSteady(rates)) return;
        Console.Error.WriteLine($"{what} still became faster after {rates.Count} windows: {string.Join(' ', rates.Select(static rate => $"{rate:F0}"))} flows/s");
    }

    private static bool IsSteady(List<double> rates) =>
        rates.Count > LookBack && rates.TakeLast(LookBack).Max() <= Noise * rates.SkipLast(LookBack).Max();
}
