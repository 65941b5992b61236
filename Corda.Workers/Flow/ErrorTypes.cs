namespace Corda.Workers.Flow;

/// <summary>The types of the platform's own errors, as clients and counterparties see them. A flow's error has its exception's full name.</summary>
internal static class ErrorTypes
{
    /// <summary>An operator killed the flow.</summary>
    public const string Killed = "FlowKilled";

    /// <summary>The flow's frames cannot be saved or restored.</summary>
    public const string Checkpoint = "CheckpointFailed";

    /// <summary>The flow was given up: its attempts are spent, it ran too long, it brought the process down, or it wrote too much.</summary>
    public const string Abandoned = "FlowAbandoned";

    /// <summary>The flow cannot be started as asked.</summary>
    public const string CannotStart = "FlowCannotStart";

    /// <summary>The flow cannot go on.</summary>
    public const string Fatal = "FlowFatal";

    /// <summary>The flow waits for nothing that could ever come.</summary>
    public const string Deadlock = "FlowDeadlock";

    /// <summary>There is no such member in the group.</summary>
    public const string UnknownCounterparty = "UnknownCounterparty";

    /// <summary>The counterparty's virtual node takes no new flows.</summary>
    public const string NotOperational = "NotOperational";

    /// <summary>The counterparty runs no flow for the protocol.</summary>
    public const string NoResponder = "NoResponder";

    /// <summary>No version of the protocol is spoken by both sides.</summary>
    public const string NoCommonVersion = "NoCommonVersion";

    /// <summary>There is no such session: its flow has ended, or never was.</summary>
    public const string UnknownSession = "UnknownSession";

    /// <summary>A payload was sent to a side that had closed.</summary>
    public const string SessionClosed = "SessionClosed";

    /// <summary>A side closed or ended without reading all it had been sent.</summary>
    public const string UnreadPayload = "UnreadPayload";

    /// <summary>More was sent than the receiver keeps unread.</summary>
    public const string InboxFull = "SessionInboxFull";

    /// <summary>A side broke the session protocol.</summary>
    public const string ProtocolViolation = "ProtocolViolation";
}
