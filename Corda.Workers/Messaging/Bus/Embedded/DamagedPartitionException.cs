namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// The store holds something else of a partition than was written there. Only this partition is concerned: nothing beyond the damage is delivered, all
/// others go on. The message says where it is and what an operator can do.
/// </summary>
internal sealed class DamagedPartitionException(string message, Exception cause) : Exception(message, cause);
