using System.Globalization;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>
/// The requests of an eviction. The versions are the oldest that Kafka 4 still takes wherever they suffice: they exist on every broker since 2.0, and an old
/// version is never given a new meaning.
/// </summary>
/// <param name="Key">What is asked.</param>
/// <param name="Version">In which form.</param>
/// <param name="Flexible">Whether this version has tagged fields.</param>
/// <param name="Body">Without header.</param>
internal sealed record WireRequest(short Key, short Version, bool Flexible, ReadOnlyMemory<byte> Body)
{
    private const int LeaveEpoch = -1;

    /// <summary>Which broker decides about a group or a transactional id.</summary>
    public static WireRequest FindCoordinator(string key, CoordinatorKind kind) =>
        new(10, 1, Flexible: false, new WireWriter().Text(key).Int8((sbyte)kind).Written);

    /// <summary>A member of the classic protocol leaves.</summary>
    public static WireRequest LeaveGroup(string group, string member) =>
        new(13, 2, Flexible: false, new WireWriter().Text(group).Text(member).Written);

    /// <summary>A member of the consumer protocol leaves: a heartbeat with the epoch that says so.</summary>
    public static WireRequest LeaveConsumerGroup(string group, string member) =>
        new(68, 0, Flexible: true, new WireWriter().CompactText(group).CompactText(member).Int32(LeaveEpoch)
            .CompactNull() // static instance
            .CompactNull() // rack
            .Int32(-1) // rebalance timeout: as it was
            .CompactNull() // subscribed topics
            .CompactNull() // assignor
            .CompactNull() // owned partitions
            .NoTags().Written);

    /// <summary>Opens a transactional id: the broker aborts what its former holder has open, and refuses whatever comes from it from then on.</summary>
    public static WireRequest InitProducerId(string transactionalId, TimeSpan transactionTimeout) =>
        new(22, 1, Flexible: false, new WireWriter().Text(transactionalId).Int32((int)transactionTimeout.TotalMilliseconds).Written);

    public static WireRequest SaslHandshake(string mechanism) => new(17, 1, Flexible: false, new WireWriter().Text(mechanism).Written);

    public static WireRequest SaslAuthenticate(ReadOnlySpan<byte> token) => new(36, 0, Flexible: false, new WireWriter().Bytes(token).Written);

    /// <summary>Where a coordinator is, from the answer to <see cref="FindCoordinator"/>.</summary>
    public static (WireError Error, string Host, int Port) ReadCoordinator(WireReader answer)
    {
        answer.Int32(); // throttle time
        WireError error = answer.Error();
        answer.Text(); // message
        answer.Int32(); // node
        return (error, answer.Text() ?? "", answer.Int32());
    }

    /// <summary>The outcome of any of the others but the SASL ones: behind the throttle time.</summary>
    public static WireError ReadOutcome(WireReader answer)
    {
        answer.Int32();
        return answer.Error();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"request {Key} v{Version}");
}

/// <summary>What a coordinator decides about.</summary>
internal enum CoordinatorKind
{
    Group = 0,
    Transaction = 1,
}
