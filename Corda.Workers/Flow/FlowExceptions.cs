using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>
/// The step cannot be done for now: a virtual node or package is not known here yet, or another build made the checkpoint. The flow is parked, shown as
/// RETRYING, and tried again.
/// </summary>
internal sealed class FlowTransientException(string message, Exception? cause = null) : TransientProcessingException(message, cause)
{
    /// <summary>A flow under way lacks something here that another worker has, or that can be brought here: it waits however long, rather than fail.</summary>
    public static FlowTransientException Waiting(string message, Exception cause) => new(message, cause) { IsPatient = true };
}

/// <summary>This event makes no sense to this flow. It is discarded with a warning; the flow stays as it is.</summary>
internal sealed class FlowEventException(string message) : Exception(message);

/// <summary>The flow cannot go on, and the event deserves a look: FAILED, counterparties told, event and state to the dead letters.</summary>
internal sealed class FlowFatalException(string message, Exception? cause = null) : Exception(message, cause);
