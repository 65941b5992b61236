namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>The errors of Kafka's protocol that matter to an eviction. Others keep their number.</summary>
internal enum WireError : short
{
    None = 0,

    /// <summary>The coordinator reads its log after a move: ask again.</summary>
    CoordinatorLoading = 14,

    /// <summary>Nobody is coordinator yet: ask again.</summary>
    CoordinatorNotAvailable = 15,

    /// <summary>The coordinator has moved: look for it again.</summary>
    NotCoordinator = 16,

    /// <summary>Not a member (any more), or of the other protocol.</summary>
    UnknownMember = 25,

    /// <summary>The mechanism is not switched on at this listener.</summary>
    UnsupportedSaslMechanism = 33,

    /// <summary>The broker does not know this version of the request, or has the new group protocol switched off.</summary>
    UnsupportedVersion = 35,

    /// <summary>The transaction is being ended: what an opening producer hears while the fence it has just put up takes effect.</summary>
    ConcurrentTransactions = 51,

    /// <summary>User or password are wrong.</summary>
    SaslAuthenticationFailed = 58,

    /// <summary>No such group.</summary>
    GroupIdNotFound = 69,
}
