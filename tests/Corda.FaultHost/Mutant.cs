namespace Corda.FaultHost;

/// <summary>Ways to build the engine wrong. Each is made by a bus that breaks one promise towards an engine that relies on it.</summary>
public enum Mutant
{
    /// <summary>The engine as it is.</summary>
    None,

    /// <summary>Commits what it has read before it writes what came of it.</summary>
    OffsetsFirst,

    /// <summary>Writes what came of it in one transaction, and what it has read in another.</summary>
    OffsetsLast,

    /// <summary>Writes, and never says what it has read.</summary>
    DropOffsets,

    /// <summary>Goes on behind an aborted batch instead of going back.</summary>
    NoRewind,

    /// <summary>Writes whether or not somebody else has its transactional id and its partitions.</summary>
    IgnoreFence,

    /// <summary>Gives its partitions to others without fencing the one who had them: what the evicted one still writes is taken.</summary>
    EvictWithoutFencing,

    /// <summary>Does not know which inputs its states contain, and reads some again.</summary>
    DedupOff,

    /// <summary>Processes before it has read the states of its partitions.</summary>
    RestoreUnread,

    /// <summary>Takes a partition back with the states of the last time it had it.</summary>
    OldEpoch,

    /// <summary>Every process has the partitions for itself, and states of its own.</summary>
    OwnGroup,

    /// <summary>Takes new states for committed although the commit was aborted.</summary>
    ApplyBeforeCommit,

    /// <summary>Commits a batch again when it does not know whether it was committed.</summary>
    AgainAfterIndefinite,

    /// <summary>Forgets timers when it takes over.</summary>
    LostTimer,

    /// <summary>Loses one event in five.</summary>
    LostOutput,

    /// <summary>Writes one record in thirty twice.</summary>
    DoubledOutput,
}
