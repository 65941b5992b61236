using System.Security.Cryptography;

namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>
/// Keeps the log in memory. It outlives the bus that uses it: a bus opened later on the same object finds all that was committed, as after a restart
/// of the process.
/// </summary>
internal sealed class MemoryLogStore : ILogStore
{
    private const int TrimRecordsMax = 1000;

    private readonly Lock gate = new();
    private readonly List<StoredTopic> topics = [];
    private readonly Dictionary<int, Rows> partitions = [];
    private readonly Dictionary<(string Group, TopicPartition Partition), GroupOffset> offsets = [];
    private readonly string identity = RandomNumberGenerator.GetHexString(16, lowercase: true);
    private long sequence;

    public StoredLog Open()
    {
        lock (gate)
        {
            return new StoredLog(identity, sequence, [.. topics], [.. partitions.Select(p => p.Value.State(p.Key))], [.. offsets.Values]);
        }
    }

    public void AddTopics(IReadOnlyList<StoredTopic> topics)
    {
        lock (gate)
        {
            foreach (StoredTopic topic in topics)
            {
                this.topics.Add(topic);
                foreach (int id in Enumerable.Range(topic.FirstPartitionId, topic.PartitionCount))
                {
                    partitions.Add(id, new Rows());
                }
            }
        }
    }

    public void Write(LogWrite write)
    {
        lock (gate)
        {
            foreach (PartitionAppend append in write.Appends)
            {
                Rows rows = partitions[append.Log.Identity.Id];
                rows.Records.AddRange(append.Records);
                rows.End = append.Records[^1].Offset + 1;
            }

            foreach (GroupOffset offset in write.Offsets)
            {
                offsets[(offset.Group, offset.Partition)] = offset;
            }

            sequence = write.Sequence;
        }
    }

    public long LastSequence()
    {
        lock (gate)
        {
            return sequence;
        }
    }

    public LogSlice Read(StoredPartition partition, long from, long to, long bytesMax)
    {
        lock (gate)
        {
            List<ConsumedRecord> records = partitions[partition.Id].Records;
            List<ConsumedRecord> read = [];
            long bytes = 0;
            for (int i = IndexOf(records, from); i < records.Count && records[i].Offset < to; i++)
            {
                if (bytes >= bytesMax)
                {
                    return new LogSlice(read, records[i].Offset);
                }

                read.Add(records[i]);
                bytes += records[i].SizeBytes();
            }

            return new LogSlice(read, to);
        }
    }

    public bool Trim(StoredPartition partition, long below, DateTimeOffset takenBefore)
    {
        lock (gate)
        {
            List<ConsumedRecord> records = partitions[partition.Id].Records;
            int count = records.Take(TrimRecordsMax).TakeWhile(r => r.Offset < below && r.Timestamp < takenBefore).Count();
            records.RemoveRange(0, count);
            return count == TrimRecordsMax;
        }
    }

    public void Replace(StoredPartition partition, long from, long to, IReadOnlyList<ConsumedRecord> survivors)
    {
        lock (gate)
        {
            List<ConsumedRecord> records = partitions[partition.Id].Records;
            int first = IndexOf(records, from);
            records.RemoveRange(first, IndexOf(records, to) - first);
            records.InsertRange(first, survivors);
        }
    }

    public void MarkClean(StoredPartition partition, CleanMark mark)
    {
        lock (gate)
        {
            partitions[partition.Id].Clean = mark;
        }
    }

    public void ForgetGroup(string group)
    {
        lock (gate)
        {
            foreach ((string Group, TopicPartition Partition) key in offsets.Keys.Where(k => k.Group == group).ToList())
            {
                offsets.Remove(key);
            }
        }
    }

    public void OnIdle()
    {
        // Memory needs no tidying.
    }

    public void Dispose()
    {
        // What was committed is for the next bus on this store.
    }

    /// <summary>The place of the first record at or after an offset.</summary>
    private static int IndexOf(List<ConsumedRecord> records, long offset)
    {
        int low = 0;
        int high = records.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = records[middle].Offset < offset ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private sealed class Rows
    {
        public List<ConsumedRecord> Records { get; } = [];

        public long End { get; set; }

        public CleanMark Clean { get; set; } = CleanMark.None;

        public PartitionState State(int id) =>
            new(id, End, Clean, Records.Skip(IndexOf(Records, Clean.To)).Sum(r => r.SizeBytes()));
    }
}
