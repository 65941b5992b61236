using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>
/// I4: a read-committed reader sees exactly what the batches and markers in the broker's log say is committed: nothing aborted, nothing twice, no gap, in order.
/// </summary>
internal static class ReadInvariant
{
    public static IEnumerable<string> Check(Evidence evidence)
    {
        ILookup<TopicPartition, LogRecord> read = evidence.Log.All.ToLookup(record => record.Partition);
        foreach (IGrouping<TopicPartition, LogRecord> partition in read)
        {
            foreach ((LogRecord one, LogRecord next) in partition.Zip(partition.Skip(1)).Where(pair => pair.First.Offset >= pair.Second.Offset))
            {
                yield return $"{partition.Key}: offset {next.Offset} was read after {one.Offset}";
            }
        }

        foreach ((TopicPartition partition, IReadOnlyList<RawBatch> batches) in evidence.Batches ?? new Dictionary<TopicPartition, IReadOnlyList<RawBatch>>())
        {
            HashSet<long> committed = Committed(batches);
            long[] seen = [.. read[partition].Select(record => record.Offset)];
            foreach (long aborted in seen.Where(offset => !committed.Contains(offset))) yield return $"{partition}@{aborted} was read, and is not committed";
            foreach (long unseen in committed.Except(seen)) yield return $"{partition}@{unseen} is committed, and was not read";
        }
    }

    /// <summary>Offsets of all data that stands outside of transactions, or in one that was committed.</summary>
    public static HashSet<long> Committed(IReadOnlyList<RawBatch> batches)
    {
        var committed = new HashSet<long>();
        var open = new Dictionary<string, List<RawBatch>>();
        foreach (RawBatch batch in batches)
        {
            if (batch.Control is { } kept)
            {
                // An end that the broker wrote itself carries a higher epoch of the same producer.
                string producer = batch.Writer!.Split(':')[0];
                if (open.Remove(producer, out List<RawBatch>? data) && kept) Add(data);
            }
            else if (batch.Transactional)
            {
                string producer = batch.Writer!.Split(':')[0];
                if (!open.TryGetValue(producer, out List<RawBatch>? data)) open[producer] = data = [];
                data.Add(batch);
            }
            else
            {
                Add([batch]);
            }
        }

        return committed;

        void Add(List<RawBatch> data)
        {
            foreach (RawBatch batch in data)
            {
                for (long offset = batch.First; offset <= batch.Last; offset++) committed.Add(offset);
            }
        }
    }
}
