namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// A flow's frames cannot be saved or restored. Fails that flow alone; the message names flow, method, local variable and type, and says
/// what to do.
/// </summary>
internal sealed class CheckpointException(string message, Exception? cause = null) : Exception(message, cause);
