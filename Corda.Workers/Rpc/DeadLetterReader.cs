using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Rpc;

/// <summary>A dead letter and its place.</summary>
internal sealed record PlacedDeadLetter(TopicPartition Partition, long Offset, DeadLetter Letter);

/// <summary>Reads the newest dead letters of flows from the bus, when somebody asks; keeps nothing. Thread-safe.</summary>
internal sealed class DeadLetterReader(IMessageBus bus, TimeProvider time)
{
    private const int RecordsAtOnce = 500;

    // Every transaction leaves an offset without a record, and many are aborted while brokers are away.
    private const int OffsetsForEach = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);
    private static readonly Topic<DeadLetter> Topic = DeadLetter.TopicOf(Topics.FlowEvent);

    /// <summary>The newest, newest first. Blocks for as long as the bus takes.</summary>
    /// <param name="lettersMax">At most so many. Of a partition with more than that, some of the oldest of them may be left out.</param>
    /// <exception cref="MessagingTransientException">The bus cannot be read for now.</exception>
    public IReadOnlyList<PlacedDeadLetter> Latest(int lettersMax)
    {
        bus.EnsureTopics([new TopicSpec(Topic.Name, Topic.Cleanup)]);
        using IPartitionReader reader = bus.OpenReader([], StartAt.Beginning);
        Dictionary<TopicPartition, long> ends = Begin(reader, lettersMax);
        var letters = new List<PlacedDeadLetter>();
        long start = time.GetTimestamp();
        while (ends.Any(end => reader.Position(end.Key) < end.Value))
        {
            if (time.GetElapsedTime(start) > Patience)
            {
                throw new MessagingTransientException($"the dead letters could not be read within {Patience.TotalSeconds:0} s");
            }

            letters.AddRange(reader.Poll(RecordsAtOnce, PollWait).Where(static record => record.Value is not null).Select(Placed));
        }

        return [.. letters.OrderByDescending(static one => one.Letter.Timestamp).Take(lettersMax)];
    }

    // One that cannot be read must not hide the others.
    private static PlacedDeadLetter Placed(ConsumedRecord record)
    {
        try
        {
            return new PlacedDeadLetter(record.Partition, record.Offset, Topic.Codec.Decode(record.Value));
        }
        catch (MalformedRecordException cause)
        {
            var unreadable = new DeadLetter(
                record.Timestamp, Topics.FlowEvent.Name, record.Partition.Partition, "", record.Key, record.Value, State: null, Kind: null, Attempts: 0,
                $"This dead letter cannot be read; its own bytes stand where its event would. {cause.Message}", Error: null);
            return new PlacedDeadLetter(record.Partition, record.Offset, unreadable);
        }
    }

    private Dictionary<TopicPartition, long> Begin(IPartitionReader reader, int lettersMax)
    {
        var ends = new Dictionary<TopicPartition, long>();
        for (int number = 0; number < bus.PartitionCount(Topic.Name); number++)
        {
            var partition = new TopicPartition(Topic.Name, number);
            OffsetRange range = bus.OffsetsOf(partition);
            if (range.End > range.Begin)
            {
                reader.Add(partition, Math.Max(range.Begin, range.End - ((long)lettersMax * OffsetsForEach)));
                ends[partition] = reader.EndOffset(partition);
            }
        }

        return ends;
    }
}
