using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>One side of a session as its flow's checkpoint keeps it. Immutable; each message makes a new one.</summary>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionState
{
    /// <summary>The session, the same on both sides.</summary>
    [MemoryPackOrder(0)]
    public required SessionId Id { get; init; }

    /// <summary>Who is at the other end.</summary>
    [MemoryPackOrder(1)]
    public required HoldingIdentity Counterparty { get; init; }

    /// <summary>The counterparty's flow: where messages go.</summary>
    [MemoryPackOrder(2)]
    public required FlowId CounterpartyFlow { get; init; }

    /// <summary>The protocol spoken.</summary>
    [MemoryPackOrder(3)]
    public required string Protocol { get; init; }

    /// <summary>The version both sides agreed on; null until the counterparty has answered.</summary>
    [MemoryPackOrder(4)]
    public int? ProtocolVersion { get; init; }

    /// <summary>Whether closing waits for the counterparty.</summary>
    [MemoryPackOrder(5)]
    public bool RequireClose { get; init; }

    /// <summary>How long a receive waits.</summary>
    [MemoryPackOrder(6)]
    public TimeSpan Timeout { get; init; }

    /// <summary>What the first message will say; null once it is sent, and on the responder's side.</summary>
    [MemoryPackOrder(7)]
    public SessionInit? Init { get; init; }

    /// <summary>The sequence number of the last message sent.</summary>
    [MemoryPackOrder(8)]
    public int SentLast { get; init; }

    /// <summary>The sequence number of the last message received without a gap before it.</summary>
    [MemoryPackOrder(9)]
    public int ReceivedLast { get; init; }

    /// <summary>Messages received beyond a gap, ordered by sequence number.</summary>
    [MemoryPackOrder(10)]
    public SessionEvent[] BeyondGap { get; init; } = [];

    /// <summary>Payloads received in order that the flow has not read.</summary>
    [MemoryPackOrder(11)]
    public byte[][] Unread { get; init; } = [];

    /// <summary>Whether this side has closed.</summary>
    [MemoryPackOrder(12)]
    public bool ClosedHere { get; init; }

    /// <summary>Whether the counterparty has closed.</summary>
    [MemoryPackOrder(13)]
    public bool ClosedThere { get; init; }

    /// <summary>What broke the session; null while it is sound.</summary>
    [MemoryPackOrder(14)]
    public SessionError? Error { get; init; }

    /// <summary>Whether it was the counterparty who said <see cref="Error"/>.</summary>
    [MemoryPackOrder(15)]
    public bool ErrorIsTheirs { get; init; }
}
