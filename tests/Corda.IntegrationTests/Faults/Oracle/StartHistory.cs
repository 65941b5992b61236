using System.Globalization;
using System.Text.Json.Nodes;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>What one request of a client came to.</summary>
public enum Answer
{
    /// <summary>The server has taken it (2xx): from now on it is held to it.</summary>
    Ok,

    /// <summary>The server has refused it and says that nothing was done (4xx).</summary>
    Refused,

    /// <summary>Anything else: 5xx, a broken connection, no answer. It may have been done.</summary>
    Unknown,
}

/// <summary>One try of a start, in the client's own time.</summary>
internal sealed record Attempt(TimeSpan Began, TimeSpan Ended, Answer Answer, string Detail)
{
    /// <summary>What is said of a try that had no answer in the time that its client gives it.</summary>
    public const string NoAnswer = "no answer in time";

    /// <summary>The status of an answer that was no success; null where there was none. Its detail begins with it.</summary>
    public int? Code => int.TryParse(Detail.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int code) ? code : null;
}

/// <summary>A start under one id, however often it was tried. Thread-safe.</summary>
/// <param name="id">The client's idempotency key.</param>
/// <param name="flowId">The key in the topics, hex.</param>
/// <param name="work">What was asked for.</param>
internal sealed class StartHistory(string id, string flowId, FlowWork work)
{
    private readonly List<Attempt> attempts = [];
    private readonly List<(TimeSpan At, string State, string? Result)> seen = [];

    public string Id => id;

    public string FlowId => flowId;

    public FlowWork Work => work;

    public bool Acknowledged => Attempts.Any(attempt => attempt.Answer == Answer.Ok);

    public IReadOnlyList<Attempt> Attempts
    {
        get
        {
            lock (attempts) return [.. attempts];
        }
    }

    /// <summary>What the client was told of the flow's standing, in order.</summary>
    public IReadOnlyList<(TimeSpan At, string State, string? Result)> Seen
    {
        get
        {
            lock (attempts) return [.. seen];
        }
    }

    public bool EndSeen => Seen.Any(one => IsTerminal(one.State));

    public void Tried(Attempt attempt, JsonNode? status)
    {
        lock (attempts)
        {
            attempts.Add(attempt);
            if (status?["flowStatus"] is { } state) seen.Add((attempt.Ended, (string)state!, (string?)status["flowResult"]));
        }
    }

    public static bool IsTerminal(string state) => state is "COMPLETED" or "FAILED" or "KILLED";

    public override string ToString() => $"{Id} ({FlowId}, {Work})";
}
