using Corda.Workers.Messaging;

namespace Corda.Workers.Flow;

/// <summary>The step cannot be done for now: a virtual node or package is not known here yet. The flow is parked, shown as RETRYING, and tried again.</summary>
internal sealed class FlowTransientException(string message, Exception? cause = null) : TransientProcessingException(message, cause);

/// <summary>This event makes no sense to this flow. It is discarded with a warning; the flow stays as it is.</summary>
internal sealed class FlowEventException(string message) : Exception(message);

/// <summary>The flow cannot go on, and the event deserves a look: FAILED, counterparties told, event and state to the dead letters.</summary>
internal sealed class FlowFatalException(string message, Exception? cause = null) : Exception(message, cause);
