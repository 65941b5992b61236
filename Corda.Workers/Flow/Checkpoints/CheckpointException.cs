namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// A flow's frames cannot be saved or restored. Fails that flow alone; the message names flow, method, local variable and type, and says
/// what to do.
/// </summary>
internal class CheckpointException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A flow's frames are sound, and only another build of the platform can read them. The flow waits for a worker of that build; the message says which.</summary>
internal sealed class ForeignCheckpointException(string message) : CheckpointException(message);
