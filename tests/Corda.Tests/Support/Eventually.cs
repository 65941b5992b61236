using System.Diagnostics;

namespace Corda.Tests.Support;

/// <summary>Waits for what other threads bring about.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>Looks again and again until the condition holds; fails with what was lacking.</summary>
    /// <param name="condition">Must hold sooner or later.</param>
    /// <param name="lacking">Says what the condition lacked, looked at when patience ends.</param>
    /// <param name="between">Done between two looks: moving a test's clock, for instance.</param>
    public static Task True(Func<bool> condition, Func<string> lacking, Action? between = null) => True(() => Task.FromResult(condition()), lacking, between);

    /// <inheritdoc cref="True(Func{bool}, Func{string}, Action?)"/>
    public static async Task True(Func<Task<bool>> condition, Func<string> lacking, Action? between = null)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                Assert.Fail($"Still not after {Patience.TotalSeconds} s: {lacking()}");
            }

            between?.Invoke();
            await Task.Delay(2);
        }
    }

    /// <inheritdoc cref="True(Func{bool}, Func{string}, Action?)"/>
    public static Task True(Func<bool> condition, string lacking, Action? between = null) => True(condition, () => lacking, between);

    /// <summary>Looks again and again until the value is the expected one.</summary>
    public static Task Equal<T>(T expected, Func<T> actual, string what, Action? between = null) =>
        True(() => EqualityComparer<T>.Default.Equals(expected, actual()), () => $"{what} is {actual()}, not {expected}", between);
}
