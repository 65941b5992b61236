using System.Diagnostics;

namespace Corda.IntegrationTests.Support;

/// <summary>Waits for a condition of another process, and says what was lacking when it does not come.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    public static async Task True(Func<Task<bool>> condition, Func<string> lacking, TimeSpan? limit = null)
    {
        long start = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Pace);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (limit ?? Limit)) throw new TimeoutException($"Waited {limit ?? Limit}: {lacking()}");
            await timer.WaitForNextTickAsync();
        }
    }
}
