using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// Asks for the committed offsets of newly assigned partitions, on threads of its own: an offset that a dead owner's open transaction holds back must not
/// stop the partitions that the member has already.
/// </summary>
/// <remarks>
/// The answer is a stable offset: from then on no transaction of a former owner can commit. Only therefore may a restore of the states begin, and not before.
/// </remarks>
internal sealed class OffsetLookup(IConsumer<byte[], byte[]> client, string group, KafkaClients clients, TimeProvider time)
{
    // The first question is for all: usually every offset is stable. Then one by one, so that none waits for another's transaction.
    private static readonly TimeSpan AllTimeout = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan OneTimeout = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ComplainEvery = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<(OwnedPartition Partition, long? Offset)> found = new();
    private readonly ConcurrentDictionary<Task, bool> running = new();
    private volatile bool stopped;

    /// <summary>Asks until there is an answer, or the ownership is over.</summary>
    /// <param name="partitions">For which.</param>
    /// <param name="isWanted">Whether an answer still is of use. Any thread.</param>
    public void Begin(IReadOnlyList<OwnedPartition> partitions, Func<OwnedPartition, bool> isWanted)
    {
        Task task = OwnThread.Run(() => Run(partitions, isWanted));
        running[task] = true;
        foreach (Task done in running.Keys.Where(static one => one.IsCompleted))
        {
            running.TryRemove(done, out _);
        }
    }

    /// <summary>An answer: the committed offset, or null where the group has none.</summary>
    public bool TryTake(out OwnedPartition partition, out long? offset)
    {
        bool any = found.TryDequeue(out (OwnedPartition Partition, long? Offset) answer);
        (partition, offset) = answer;
        return any;
    }

    /// <summary>Ends all questions; the client may be closed when this returns.</summary>
    public void Stop()
    {
        stopped = true;
        foreach (Task task in running.Keys)
        {
            task.Wait();
        }
    }

    /// <summary>The committed offsets; null where there is none.</summary>
    /// <exception cref="KafkaException">No (stable) answer within the time.</exception>
    public static Dictionary<TopicPartition, long?> Committed(IConsumer<byte[], byte[]> client, IEnumerable<TopicPartition> partitions, TimeSpan timeout) =>
        client.Committed(partitions.Select(PartitionNames.ToClient), timeout).ToDictionary(
            static offset => offset.TopicPartition.FromClient(),
            static offset => offset.Offset.IsSpecial ? (long?)null : offset.Offset.Value);

    private void Run(IReadOnlyList<OwnedPartition> partitions, Func<OwnedPartition, bool> isWanted)
    {
        long start = time.GetTimestamp();
        long complained = start;
        List<OwnedPartition> open = [.. partitions];
        string? reason = Ask(open, AllTimeout);
        while (open.Count > 0 && !stopped)
        {
            open.RemoveAll(partition => !isWanted(partition));
            foreach (OwnedPartition partition in open.TakeWhile(_ => !stopped).ToList())
            {
                List<OwnedPartition> one = [partition];
                reason = Ask(one, OneTimeout) ?? reason;
                open.RemoveAll(asked => asked == partition && one.Count == 0);
            }

            if (open.Count > 0 && time.GetElapsedTime(complained) > ComplainEvery)
            {
                complained = time.GetTimestamp();
                string names = string.Join(", ", open.Select(static partition => partition.Partition));
                KafkaLog.OffsetsWaitedFor(clients.Logger, group, names, time.GetElapsedTime(start), reason ?? "");
            }

            if (open.Count > 0)
            {
                Thread.Sleep(Pause);
            }
        }
    }

    // Takes what was answered out of the list; null, or why there was no answer.
    private string? Ask(List<OwnedPartition> open, TimeSpan timeout)
    {
        try
        {
            Dictionary<TopicPartition, long?> offsets = Committed(client, open.Select(static partition => partition.Partition), timeout);
            open.ForEach(partition => found.Enqueue((partition, offsets[partition.Partition])));
            open.Clear();
            return null;
        }
        catch (KafkaException cause)
        {
            return KafkaErrors.Text(cause.Error);
        }
    }
}
