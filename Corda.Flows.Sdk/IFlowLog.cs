namespace Corda.Flows;

/// <summary>
/// Logging from within a flow, with the flow's id and virtual node attached. Injected into flows. A step that is run again after a crash
/// logs again.
/// </summary>
public interface IFlowLog
{
    /// <summary>For the author, while developing.</summary>
    void Debug(string message);

    /// <summary>For the operator: what happened.</summary>
    void Info(string message);

    /// <summary>For the operator: what looks wrong.</summary>
    void Warn(string message, Exception? error = null);

    /// <summary>For the operator: what went wrong.</summary>
    void Error(string message, Exception? error = null);
}
