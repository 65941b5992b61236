using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// The membership of a moment as the broker checks it: the client's own token, and what the member had been told to own at that moment, which tells a
/// group that merely moved on from partitions that were somebody else's in between.
/// </summary>
/// <param name="Group">The group.</param>
/// <param name="MemberId">The member; empty for none.</param>
/// <param name="Generation">The generation or member epoch.</param>
internal sealed record KafkaMembership(string Group, string MemberId, int Generation) : GroupMembership(Group, MemberId, Generation)
{
    /// <summary>What the client hands to the broker.</summary>
    public required IConsumerGroupMetadata Token { get; init; }

    /// <summary>The member id inside of the token: it must still be the one that is claimed.</summary>
    public required string Issued { get; init; }

    /// <summary>The ownerships at the moment.</summary>
    public required FrozenDictionary<TopicPartition, long> Epochs { get; init; }

    /// <summary>The member.</summary>
    public required IMembershipHolder Holder { get; init; }

    /// <summary>
    /// Whether the broker can check it. A token without a member must never reach it: for transactions it takes "nobody" for a client that needs no
    /// check, so that an evicted member whose client has noticed already would write unfenced.
    /// </summary>
    public override bool IsProof => MemberId.Length > 0 && Generation > 0 && MemberId == Issued;

    /// <summary>
    /// The same member's proof of now, if these partitions have been its own ever since; otherwise null. To be asked on the thread that polls: while it is not
    /// polling, no partition can be taken from it in an orderly way, and a member that was put out has no proof.
    /// </summary>
    public KafkaMembership? Renewed(IEnumerable<TopicPartition> partitions) =>
        Holder.Membership is KafkaMembership { IsProof: true } now && now.MemberId == MemberId && partitions.All(p => IsSame(p, now)) ? now : null;

    /// <summary>The membership in a client's token.</summary>
    public static KafkaMembership Of(IConsumerGroupMetadata token, FrozenDictionary<TopicPartition, long> epochs, IMembershipHolder holder)
    {
        (string group, string member, int generation) = Read(Bytes(token));
        return new KafkaMembership(group, member, generation) { Token = token, Issued = member, Epochs = epochs, Holder = holder };
    }

    private bool IsSame(TopicPartition partition, KafkaMembership now) =>
        Epochs.TryGetValue(partition, out long then) && now.Epochs.TryGetValue(partition, out long epoch) && epoch == then;

    // librdkafka's form: "CGMDv2:", generation (native byte order), group, 0, member, 0, ... The two ids must come from one token: asked for one after
    // the other they may be of different memberships.
    private static (string Group, string Member, int Generation) Read(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> magic = "CGMDv2:"u8;
        if (!bytes.StartsWith(magic))
        {
            throw new InvalidOperationException("The Kafka client writes its group metadata in a form that is not known here; use the version that is pinned.");
        }

        int generation = BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadInt32LittleEndian(bytes[magic.Length..])
            : BinaryPrimitives.ReadInt32BigEndian(bytes[magic.Length..]);
        ReadOnlySpan<byte> texts = bytes[(magic.Length + sizeof(int))..];
        int groupEnd = texts.IndexOf((byte)0);
        ReadOnlySpan<byte> rest = texts[(groupEnd + 1)..];
        return (Encoding.UTF8.GetString(texts[..groupEnd]), Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]), generation);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "serializedMetadata")]
    private static extern ref byte[] Bytes([UnsafeAccessorType("Confluent.Kafka.ConsumerGroupMetadata, Confluent.Kafka")] object token);
}
