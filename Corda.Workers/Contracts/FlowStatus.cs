using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>Where a client-started flow stands. Topic <c>flow.status</c>, keyed by flow id, compacted.</summary>
/// <param name="FlowId">The flow.</param>
/// <param name="Identity">The virtual node that runs it.</param>
/// <param name="ClientRequestId">The client's idempotency key.</param>
/// <param name="FlowClassName">The full name of the class.</param>
/// <param name="StartFingerprint">SHA-256 over class and request body, hex: tells a repeated start from another one under the same id.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Result">The result as JSON; only when completed.</param>
/// <param name="Error">What went wrong; only when failed or killed (and, while retrying, the last failure).</param>
/// <param name="CreatedAt">When the client asked.</param>
/// <param name="UpdatedAt">When this status was reached.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record FlowStatus(
    [property: MemoryPackOrder(0)] FlowId FlowId,
    [property: MemoryPackOrder(1)] HoldingIdentity Identity,
    [property: MemoryPackOrder(2)] string ClientRequestId,
    [property: MemoryPackOrder(3)] string FlowClassName,
    [property: MemoryPackOrder(4)] string StartFingerprint,
    [property: MemoryPackOrder(5)] FlowState State,
    [property: MemoryPackOrder(6)] string? Result,
    [property: MemoryPackOrder(7)] FlowError? Error,
    [property: MemoryPackOrder(8), UtcTicks] DateTimeOffset CreatedAt,
    [property: MemoryPackOrder(9), UtcTicks] DateTimeOffset UpdatedAt);

/// <summary>An error as the client sees it.</summary>
/// <param name="Type">The exception's type, or one of the platform's.</param>
/// <param name="Message">Its message.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record FlowError([property: MemoryPackOrder(0)] string Type, [property: MemoryPackOrder(1)] string Message);

/// <summary>Where a flow stands. The last three are terminal and never change.</summary>
public enum FlowState : byte
{
    /// <summary>Accepted; has not run yet.</summary>
    StartRequested,

    /// <summary>Under way.</summary>
    Running,

    /// <summary>A step failed for now and will be tried again.</summary>
    Retrying,

    /// <summary>Ended with a result.</summary>
    Completed,

    /// <summary>Ended with an error.</summary>
    Failed,

    /// <summary>Ended by an operator.</summary>
    Killed,
}
