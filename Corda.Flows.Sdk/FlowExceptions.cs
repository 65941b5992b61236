using Corda.Flows.CompilerServices;

namespace Corda.Flows;

/// <summary>What the platform throws into flows. Authors may derive their own errors from it.</summary>
public class FlowException : Exception
{
    /// <summary>An error with a message.</summary>
    public FlowException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and its cause.</summary>
    public FlowException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}

/// <summary>A session cannot do what was asked: closed, in error, or the payload has another type.</summary>
public class FlowSessionException(string message) : FlowException(message);

/// <summary>A receive has waited longer than the session's timeout.</summary>
public sealed class FlowSessionTimeoutException(string message) : FlowSessionException(message);

/// <summary>The counterparty's flow has failed, was killed, or could not be started.</summary>
/// <param name="counterparty">Who.</param>
/// <param name="errorType">The type of the counterparty's error, as it calls it.</param>
/// <param name="errorMessage">The message of the counterparty's error.</param>
public sealed class CounterpartyFlowException(MemberX500Name counterparty, string errorType, string errorMessage)
    : FlowSessionException($"{counterparty} failed: {errorMessage} ({errorType})")
{
    /// <summary>Who failed.</summary>
    public MemberX500Name Counterparty { get; } = counterparty;

    /// <summary>The type of the counterparty's error, as it calls it.</summary>
    public string ErrorType { get; } = errorType;

    /// <summary>The message of the counterparty's error.</summary>
    public string ErrorMessage { get; } = errorMessage;
}

/// <summary>The flow's code does what no flow may do; the message says what to do instead.</summary>
public sealed class FlowUsageException(string message) : FlowException(message)
{
    internal static FlowUsageException CalledOutsideFlow() => new(
        "A flow operation was called outside a flow: on another thread, or from a method that the platform does not run. "
        + "Call it from the flow's own code, and do not start threads or tasks in a flow.");

    internal static FlowUsageException ResultTakenTooEarly() => new(
        "The result of a FlowTask was taken while it was still under way: by GetResult() or Result, or by an await in a method that does not "
        + "return FlowTask. Only 'async FlowTask' methods can be suspended: await it in one, and return FlowTask instead of Task or ValueTask.");

    /// <summary>Whether the error left so many frames that a trace of them is worth nothing, and costs minutes to put together.</summary>
    internal bool IsTooDeep { get; private init; }

    internal static FlowUsageException TooDeep(Type stateMachine) => new(
        $"{AuthorsNames.OfStateMachine(stateMachine)} calls itself too deeply: the stack of the flow's thread is used up. Turn the recursion into a loop.")
    {
        IsTooDeep = true,
    };

    internal static FlowUsageException ForeignAwait(Type awaiter, Type stateMachine) => new(
        $"{AuthorsNames.OfStateMachine(stateMachine)} awaits {AuthorsNames.OfType(awaiter)}, which is not a flow operation and cannot be saved in a checkpoint. "
        + "In a flow await only FlowTask: IFlowEngine.Sleep instead of Task.Delay, sessions instead of sockets, and do I/O outside of flows.");
}
