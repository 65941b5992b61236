using System.Diagnostics;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Benchmarks;

/// <summary>The embedded bus with its file, each commit synced, beside a bare SQLite loop that group-commits the same bytes on the same disk.</summary>
internal static class BusMeasurements
{
    private const int ValueBytes = 500;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);
    private static readonly Dictionary<TopicPartition, long> NoOffsets = [];

    public static void Run(string folder)
    {
        foreach (int producers in new[] { 1, 4, 16 })
        {
            foreach (int records in new[] { 1, 100 })
            {
                double raw = RawCommitsPerSecond(Directory.CreateDirectory(Path.Combine(folder, $"raw-{producers}-{records}")).FullName, producers, records);
                double bus = BusCommitsPerSecond(Path.Combine(folder, $"bus-{producers}-{records}"), producers, records);
                Console.WriteLine(
                    $"{producers,2} producers x {records,3} records: bus {bus,8:F0} commits/s, {bus * records,9:F0} records/s; "
                    + $"bare SQLite {raw,8:F0} commits/s; {bus / raw:P0}");
            }
        }

        Console.WriteLine($"in memory, 1 producer: {MemoryCommitsPerSecond():F0} commits/s");
        Console.WriteLine($"poll wake-up after a commit in memory (microseconds): {WakeUp()}");
    }

    private static double BusCommitsPerSecond(string folder, int producers, int records)
    {
        EmbeddedBus bus = Open(new SqliteLogStore(new SqliteSettings { Folder = folder }));
        double perSecond = Load(bus, producers, records);
        bus.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return perSecond;
    }

    private static double MemoryCommitsPerSecond() => Load(Open(new MemoryLogStore()), 1, 1);

    private static double Load(EmbeddedBus bus, int producers, int records)
    {
        long commits = 0;
        long start = Stopwatch.GetTimestamp();
        Parallel(producers, p =>
        {
            using ITransactionalProducer producer = bus.OpenTransactional($"{p}");
            OutgoingRecord record = new(new TopicPartition("t", p % 8), [1, 2, 3, 4], new byte[ValueBytes]);
            OutgoingRecord[] batch = [.. Enumerable.Repeat(record, records)];
            while (Stopwatch.GetElapsedTime(start) < Duration)
            {
                producer.Commit(batch, NoOffsets, null);
                Interlocked.Increment(ref commits);
            }
        });
        return commits / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>What is possible at all: one thread, one insert for each producer and record, then one synced commit; nobody waits for anybody.</summary>
    private static double RawCommitsPerSecond(string folder, int producers, int records)
    {
        using SqliteConnection connection = new SqliteSettings { Folder = folder }.Connect();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE log (id INTEGER PRIMARY KEY, value BLOB)";
        command.ExecuteNonQuery();
        command.CommandText = "INSERT INTO log (value) VALUES (@value)";
        SqliteParameter value = command.Parameters.AddWithValue("@value", new byte[(ValueBytes + 4) * records]);
        command.Prepare();
        long start = Stopwatch.GetTimestamp();
        long commits = 0;
        while (Stopwatch.GetElapsedTime(start) < Duration)
        {
            using SqliteTransaction transaction = connection.BeginTransaction();
            command.Transaction = transaction;
            for (int p = 0; p < producers; p++)
            {
                command.ExecuteNonQuery();
                commits++;
            }

            transaction.Commit();
        }

        return commits / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string WakeUp()
    {
        EmbeddedBus bus = Open(new MemoryLogStore());
        using IPartitionReader reader = bus.OpenReader([new TopicPartition("t", 0)], StartAt.End);
        using ITransactionalProducer producer = bus.OpenTransactional("p");
        List<double> waits = [];
        using SemaphoreSlim polled = new(0);
        long committed = 0;
        Thread poller = new(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                polled.Release();
                reader.Poll(1, TimeSpan.FromSeconds(10));
                waits.Add(Stopwatch.GetElapsedTime(Interlocked.Read(ref committed)).TotalMicroseconds);
            }
        });
        poller.Start();
        for (int i = 0; i < 2000; i++)
        {
            polled.Wait();
            Thread.Sleep(1); // So that the poller waits really.
            Interlocked.Exchange(ref committed, Stopwatch.GetTimestamp());
            producer.Commit([new OutgoingRecord(new TopicPartition("t", 0), [1], [1])], NoOffsets, null);
        }

        poller.Join();
        waits.Sort();
        return $"median {waits[waits.Count / 2]:F0}, 99 % {waits[waits.Count * 99 / 100]:F0} (commit call to returned poll)";
    }

    private static void Parallel(int count, Action<int> body)
    {
        Thread[] threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => body(i)))];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
    }

    private static EmbeddedBus Open(ILogStore store)
    {
        EmbeddedBus bus = new(store, new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec("t", Cleanup.Delete)]);
        return bus;
    }
}
