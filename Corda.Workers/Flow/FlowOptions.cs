namespace Corda.Workers.Flow;

/// <summary>How the flow role works. Bound from <c>Corda:Flow</c>.</summary>
internal sealed record FlowOptions
{
    /// <summary>How long a receive waits where the session does not say; as Corda's session timeout.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How long session events that have overtaken their session's first message are kept. Longer than any reordering between two workers, short
    /// enough that the sender of a message to nobody soon learns so.
    /// </summary>
    public TimeSpan EarlySessionTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many payloads of a session may wait unread. One more breaks the session on both sides: unread payloads are saved with every checkpoint of
    /// the flow. A sender that wants to be far ahead of its reader should wait for an answer now and then.
    /// </summary>
    public int SessionUnreadMax { get; init; } = 1000;

    /// <summary>
    /// How many bytes of a session may wait unread; a single payload may have more. Default 512 KiB: with the flow's own frames well below the limit
    /// of a record.
    /// </summary>
    public int SessionUnreadBytesMax { get; init; } = 512 * 1024;

    /// <summary>How long an ended client-started flow answers repeated starts, and its status can be asked for.</summary>
    public TimeSpan ClientFlowRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long an ended responder answers late session events; as Corda's clean-up time.</summary>
    public TimeSpan ResponderRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many ended sessions a flow remembers to tell duplicates; keeps the checkpoint of an endless flow flat.</summary>
    public int EndedSessionsKept { get; init; } = 64;

    /// <summary>Characters of an error message that are kept; a status must stay a small record whatever an exception says.</summary>
    public int ErrorMessageCharsMax { get; init; } = 4096;

    /// <summary>Members of the consumer group in this process, each with its own transactions. Two keep a commit and the next steps going at once.</summary>
    public int Lanes { get; init; } = 2;

    /// <summary>A step that runs longer without suspending is given up and its flow fails. Far above any honest step, below the eviction of a silent lane.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a step that fails for now is tried before its flow fails; as Corda's maxRetryAttempts.</summary>
    public int RetryAttemptsMax { get; init; } = 5;

    /// <summary>The longest delay between two attempts; the first is a second, and each twice the one before. As Corda's maxRetryDelay.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>
    /// Whether a worker follows the checkpoints of flows that other workers run, so that it can take them over at once. Costs every worker the disk of all checkpoints;
    /// their memory is within <see cref="StateCacheBytes"/>. Default yes.
    /// </summary>
    public bool WarmStandby { get; init; } = true;

    /// <summary>
    /// Memory for the states of parked flows in this process, warm copies included. What it has no room for is read from files in the data folder, which also make the next
    /// start read only the tail of the state topic. The default leaves a worker of 512 MB the rest for its work.
    /// </summary>
    public long StateCacheBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>Never goes on with live frames: every step begins from bytes. For tests, which so prove that everything is in the checkpoint.</summary>
    public bool AlwaysRestoreFromBytes { get; init; }
}
