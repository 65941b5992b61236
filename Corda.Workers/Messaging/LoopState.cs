using System.Diagnostics;

namespace Corda.Workers.Messaging;

/// <summary>
/// Where a consume loop stands.
/// <code>
/// Created -> Running &lt;-> BackingOff
///    |          |  \          |
///    |          |   Failed    |
///    +----------+-> Stopped &lt;--+
/// </code>
/// </summary>
internal enum LoopState
{
    /// <summary>Not started.</summary>
    Created,

    /// <summary>At work.</summary>
    Running,

    /// <summary>Waiting after a failure, then Running again.</summary>
    BackingOff,

    /// <summary>Given up for good: an operator must act.</summary>
    Failed,

    /// <summary>Ended because it was told to.</summary>
    Stopped,
}

/// <summary>What may follow what.</summary>
internal static class LoopStates
{
    public static bool MayFollow(this LoopState next, LoopState current) => current switch
    {
        LoopState.Created => next is LoopState.Running or LoopState.Stopped,
        LoopState.Running => next is LoopState.BackingOff or LoopState.Failed or LoopState.Stopped,
        LoopState.BackingOff => next is LoopState.Running or LoopState.Stopped,
        LoopState.Failed or LoopState.Stopped => false,
        _ => throw new UnreachableException($"LoopState {current}"),
    };
}
