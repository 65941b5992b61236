namespace Corda.Workers.Messaging;

/// <summary>Something outside failed for now (disk full, broker away). Nothing was committed. Back off and try again.</summary>
public sealed class MessagingTransientException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Somebody else owns the producer's id or the partitions now. Nothing was committed. Drop the work and rejoin.</summary>
public class MessagingFencedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A member was put out of its group, and its listener was told. It stays of use: its next poll joins anew.</summary>
public sealed class MessagingEvictedException(string message, Exception? cause = null) : MessagingFencedException(message, cause);

/// <summary>The outcome of a commit is unknown. Drop the producer and all uncommitted state, initialise a new producer, rewind to the committed offsets.</summary>
public sealed class MessagingIndefiniteException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The bus cannot work at all (wrong configuration, damaged file). An operator must act; the message says how.</summary>
public sealed class MessagingFatalException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A record can never be taken by its topic: too large or not of its type. The sender must change it.</summary>
public sealed class RecordRefusedException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Bytes are not what the topic says. The record goes to the dead letters.</summary>
public sealed class MalformedRecordException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>A processor could not do its work for now. The key is parked and tried again with a growing delay; other keys go on.</summary>
public class TransientProcessingException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>
    /// Whether the work can be done as soon as another worker takes it, or this one is given what it lacks: it waits for that however long, and spends no
    /// attempt.
    /// </summary>
    public bool IsPatient { get; init; }
}
