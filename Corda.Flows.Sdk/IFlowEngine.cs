namespace Corda.Flows;

/// <summary>The flow's own identity, sub-flows and time. Injected into flows.</summary>
public interface IFlowEngine
{
    /// <summary>This flow's id, 32 hex digits. Stable over restarts and takeovers, so it serves as an idempotency key towards the outside.</summary>
    string FlowId { get; }

    /// <summary>The identity in whose name the flow runs.</summary>
    MemberX500Name VirtualNodeName { get; }

    /// <summary>Properties that travel with the flow: to its sub-flows and to the flows it initiates.</summary>
    IFlowContextProperties Properties { get; }

    /// <summary>Runs a sub-flow and answers its result.</summary>
    FlowTask<T> SubFlow<T>(SubFlow<T> subFlow);

    /// <summary>
    /// Lets time pass; milliseconds or months. The timer is part of the checkpoint: it survives every crash, and fires late rather than never.
    /// </summary>
    /// <param name="duration">Zero or more. Zero still makes a checkpoint.</param>
    FlowTask Sleep(TimeSpan duration);
}

/// <summary>Key-value properties that travel to sub-flows and counterparties. Keys that begin with <c>corda.</c> belong to the platform.</summary>
public interface IFlowContextProperties
{
    /// <summary>The value, or null. Inner scopes see what outer ones have put.</summary>
    string? this[string key] { get; }

    /// <summary>Sets a property for this scope, its sub-flows and the sessions initiated from now on.</summary>
    /// <exception cref="ArgumentException">The key begins with <c>corda.</c>.</exception>
    void Put(string key, string value);
}
