using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>One side of a session tells the other something.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="From">Who sends.</param>
/// <param name="To">Who receives.</param>
/// <param name="Sender">The flow that sends: where answers go.</param>
/// <param name="SequenceNumber">1, 2, 3 .. per direction; null on an <see cref="SessionError"/>, which is taken whenever it comes.</param>
/// <param name="Message">What.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionEvent(
    [property: MemoryPackOrder(0)] SessionId SessionId,
    [property: MemoryPackOrder(1)] HoldingIdentity From,
    [property: MemoryPackOrder(2)] HoldingIdentity To,
    [property: MemoryPackOrder(3)] FlowId Sender,
    [property: MemoryPackOrder(4)] int? SequenceNumber,
    [property: MemoryPackOrder(5)] SessionMessage Message) : FlowEvent;

/// <summary>What one side of a session tells the other.</summary>
[MemoryPackable]
[MemoryPackUnion(0, typeof(SessionInit))]
[MemoryPackUnion(1, typeof(SessionConfirm))]
[MemoryPackUnion(2, typeof(SessionData))]
[MemoryPackUnion(3, typeof(SessionClose))]
[MemoryPackUnion(4, typeof(SessionError))]
public abstract partial record SessionMessage;

/// <summary>Asks the counterparty to start its responder. Always the initiator's first message.</summary>
/// <param name="Protocol">The protocol spoken.</param>
/// <param name="ProtocolVersions">The versions the initiator speaks.</param>
/// <param name="RequireClose">Whether closing waits for both sides.</param>
/// <param name="Properties">The flow context properties that travel.</param>
/// <param name="Payload">The first data, where the session begins with a send: saves a message.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionInit(
    [property: MemoryPackOrder(0)] string Protocol,
    [property: MemoryPackOrder(1)] int[] ProtocolVersions,
    [property: MemoryPackOrder(2)] bool RequireClose,
    [property: MemoryPackOrder(3)] Dictionary<string, string> Properties,
    [property: MemoryPackOrder(4)] byte[]? Payload) : SessionMessage;

/// <summary>The responder has started. Always its first message.</summary>
/// <param name="ProtocolVersion">The version that both speak.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionConfirm([property: MemoryPackOrder(0)] int ProtocolVersion) : SessionMessage;

/// <summary>A payload.</summary>
/// <param name="Payload">JSON, UTF-8.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionData([property: MemoryPackOrder(0)] byte[] Payload) : SessionMessage;

/// <summary>The sender will send nothing more.</summary>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionClose : SessionMessage;

/// <summary>The sender's flow has failed, was killed, or never was.</summary>
/// <param name="ErrorType">The error's type.</param>
/// <param name="ErrorMessage">The error's message.</param>
[MemoryPackable(GenerateType.VersionTolerant)]
public sealed partial record SessionError(
    [property: MemoryPackOrder(0)] string ErrorType, [property: MemoryPackOrder(1)] string ErrorMessage) : SessionMessage;
