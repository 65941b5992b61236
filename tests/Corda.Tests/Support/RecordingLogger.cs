using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Corda.Tests.Support;

/// <summary>Keeps what is logged, for tests that look at it and for the message of those that fail.</summary>
internal sealed class RecordingLogger : ILogger
{
    public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((logLevel, exception is null ? formatter(state, exception) : $"{formatter(state, exception)} <- {exception}"));

    /// <summary>The last lines, oldest first.</summary>
    public string Tail(int lines = 25) => string.Join(Environment.NewLine, Lines.TakeLast(lines).Select(static line => $"{line.Level}: {line.Text}"));
}
