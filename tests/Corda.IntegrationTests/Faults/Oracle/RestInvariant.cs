using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>I7: when all is done no transaction is open, every event is committed as read, and nothing is owed to a key.</summary>
internal static class RestInvariant
{
    public static IEnumerable<string> Check(Evidence evidence)
    {
        foreach ((TopicPartition partition, long lag) in evidence.Lag ?? new Dictionary<TopicPartition, long>())
        {
            if (lag != 0) yield return $"{partition}: {lag} events are not committed as read";
        }

        foreach ((TopicPartition partition, IReadOnlyList<RawBatch> batches) in evidence.Batches ?? new Dictionary<TopicPartition, IReadOnlyList<RawBatch>>())
        {
            var open = new Dictionary<string, RawBatch>();
            foreach (RawBatch batch in batches.Where(batch => batch.Transactional || batch.Control is not null))
            {
                string producer = batch.Writer!.Split(':')[0];
                if (batch.Control is null) open[producer] = batch;
                else open.Remove(producer);
            }

            foreach (RawBatch batch in open.Values) yield return $"{partition}@{batch.First}: a transaction of {batch.Writer} is open";
        }
    }
}
