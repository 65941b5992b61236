namespace Corda.Workers.Contracts;

/// <summary>
/// Holds an object that may be used once. A live fiber changes when it runs, so whoever takes it must either commit what came of it or forget
/// it: a second try of the same step finds the slot empty and goes back to the bytes. Thread-safe.
/// </summary>
internal sealed class LiveSlot(object? value)
{
    private object? value = value;

    /// <summary>The object, the first time; null after that.</summary>
    public object? Take() => Interlocked.Exchange(ref value, null);
}
