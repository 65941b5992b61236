using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Rpc;

/// <summary>A dead letter and its place.</summary>
internal sealed record PlacedDeadLetter(TopicPartition Partition, long Offset, DeadLetter Letter);

/// <summary>Reads the newest dead letters of flows from the bus, when somebody asks, for one at a time; keeps nothing. Thread-safe.</summary>
internal sealed class DeadLetterReader(IMessageBus bus, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim turn = new(1);
    private const int RecordsAtOnce = 500;

    // Every transaction leaves an offset without a record, and many are aborted while brokers are away.
    private const int OffsetsForEach = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);
    private static readonly Topic<DeadLetter> Topic = DeadLetter.TopicOf(Topics.FlowEvent);

    /// <summary>The newest, newest first. The bus is waited for on one thread of its own, however many ask; each of them waits for 5 s at the longest for its turn.</summary>
    /// <param name="lettersMax">At most so many. Of a partition with more than that, some of the oldest of them may be left out.</param>
    /// <param name="cancellationToken">Nobody waits for the answer any more.</param>
    /// <exception cref="MessagingTransientException">The bus cannot be read for now, or others are reading.</exception>
    public async Task<IReadOnlyList<PlacedDeadLetter>> LatestAsync(int lettersMax, CancellationToken cancellationToken)
    {
        if (!await turn.WaitAsync(Patience, cancellationToken)) throw new MessagingTransientException("others are reading them; ask again in a moment");
        try
        {
            return await OwnThread.Run(() => Latest(lettersMax));
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private List<PlacedDeadLetter> Latest(int lettersMax)
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
            if (letters.Count > lettersMax + RecordsAtOnce) letters = Newest(letters, lettersMax);
        }

        return Newest(letters, lettersMax);
    }

    // They have their events and states with them: no more of them than are asked for stay in memory.
    private static List<PlacedDeadLetter> Newest(List<PlacedDeadLetter> some, int lettersMax) =>
        [.. some.OrderByDescending(static one => one.Letter.Timestamp).Take(lettersMax)];

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
