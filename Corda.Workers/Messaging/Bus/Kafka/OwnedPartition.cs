using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>A partition of a group's member, for one ownership. Used by the polling thread.</summary>
/// <param name="partition">Which.</param>
/// <param name="epoch">Which ownership: never the same again in this process.</param>
internal sealed class OwnedPartition(TopicPartition partition, long epoch)
{
    private bool cameToEnd;

    public TopicPartition Partition => partition;

    public long Epoch => epoch;

    /// <summary>The offset after the last record that was handed out; at the beginning the committed one.</summary>
    public long Position { get; set; }

    /// <summary>What the group has committed, as far as this member knows.</summary>
    public long Committed { get; set; }

    /// <summary>Where the partition ended when the client last came to its end: behind all control records.</summary>
    public long End { get; private set; }

    /// <summary>All that was before the end that the client came to last has been handed out.</summary>
    public bool IsAtEnd => cameToEnd && Fetching && Taken == Position;

    /// <summary>All that was handed out is committed, and nothing but control records lies between that and the end.</summary>
    public bool IsIdleBeforeItsEnd => Fetching && Taken == Position && Committed >= Position && End > Committed;

    /// <summary>The offset after the last record that was taken from the client.</summary>
    public long Taken { get; private set; }

    /// <summary>The lane wants no records.</summary>
    public bool Paused { get; set; }

    /// <summary>The client was told to pause.</summary>
    public bool ClientPaused { get; set; }

    /// <summary>The client fetches from <see cref="Position"/> on. Otherwise what it delivers is of no use, and it has to be sent there.</summary>
    public bool Fetching { get; set; }

    /// <summary>The client found no record where it looked and has given the partition up. It cannot be sent to another place then, it takes it only as a new one.</summary>
    public bool GivenUp { get; set; }

    /// <summary>As the client has it.</summary>
    public TopicPartitionOffset AtPosition => new(partition.Topic, partition.Partition, Position);

    /// <summary>Begins, anew or for the first time, at the group's committed offset.</summary>
    public void BeginAt(long committed)
    {
        MoveTo(committed);
        Committed = committed;
    }

    /// <summary>A record was taken from the client.</summary>
    public void Take(long offset)
    {
        Taken = offset + 1;
        cameToEnd = false;
    }

    /// <summary>The client has come to the end.</summary>
    public void ComeToEnd(long offset)
    {
        End = offset;
        cameToEnd = true;
    }

    /// <summary>The client fetches from the position on.</summary>
    public void BeginFetching()
    {
        Taken = Position;
        cameToEnd = false;
        Fetching = true;
    }

    /// <summary>The client does nothing for it any more.</summary>
    public void GiveUp()
    {
        GivenUp = true;
        Fetching = false;
    }

    /// <summary>The client has to be sent to this offset before its records count.</summary>
    public void MoveTo(long offset)
    {
        Position = offset;
        Taken = offset;
        End = offset;
        Fetching = false;
    }
}
