using System.Buffers.Binary;
using System.Globalization;
using Corda.IntegrationTests.Faults.Oracle;
using Corda.Workers.Messaging.Bus;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>Reads the segments of a broker's log from its disk: every batch, committed or not, with its producer, and every end of a transaction.</summary>
internal static class RawLog
{
    private const int HeaderBytes = 61;
    private const int LengthAt = 8;
    private const int AttributesAt = 21;
    private const int LastDeltaAt = 23;
    private const int TimeAt = 35;
    private const int ProducerAt = 43;
    private const int EpochAt = 51;
    private const int FramingBytes = 12;
    private const short TransactionalBit = 0x10;
    private const short ControlBit = 0x20;

    public static IReadOnlyDictionary<TopicPartition, IReadOnlyList<RawBatch>> Read(string dataFolder, IEnumerable<string> topics)
    {
        var logs = new Dictionary<TopicPartition, IReadOnlyList<RawBatch>>();
        foreach (string topic in topics)
        {
            foreach (string folder in Directory.EnumerateDirectories(dataFolder, $"{topic}-*"))
            {
                if (int.TryParse(Path.GetFileName(folder)[(topic.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int partition))
                {
                    logs[new TopicPartition(topic, partition)] = [.. Directory.EnumerateFiles(folder, "*.log").Order(StringComparer.Ordinal).SelectMany(Segment)];
                }
            }
        }

        return logs;
    }

    private static List<RawBatch> Segment(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var batches = new List<RawBatch>();
        for (int at = 0; at + HeaderBytes <= read;)
        {
            ReadOnlySpan<byte> batch = bytes.AsSpan(at);
            int length = BinaryPrimitives.ReadInt32BigEndian(batch[LengthAt..]);
            if (length <= 0 || at + FramingBytes + length > read) break; // being written, or preallocated
            batches.Add(Batch(batch[..(FramingBytes + length)]));
            at += FramingBytes + length;
        }

        return batches;
    }

    private static RawBatch Batch(ReadOnlySpan<byte> batch)
    {
        long first = BinaryPrimitives.ReadInt64BigEndian(batch);
        short attributes = BinaryPrimitives.ReadInt16BigEndian(batch[AttributesAt..]);
        long producer = BinaryPrimitives.ReadInt64BigEndian(batch[ProducerAt..]);
        short epoch = BinaryPrimitives.ReadInt16BigEndian(batch[EpochAt..]);
        return new RawBatch(
            first,
            first + BinaryPrimitives.ReadInt32BigEndian(batch[LastDeltaAt..]),
            producer < 0 ? null : $"{producer}:{epoch}",
            (attributes & TransactionalBit) != 0,
            (attributes & ControlBit) != 0 ? IsCommit(batch[HeaderBytes..]) : null,
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(batch[TimeAt..])));
    }

    // The one record of a control batch: length, attributes, two deltas, key length (variable-length numbers), then the key: version and type, 1 for a commit.
    private static bool IsCommit(ReadOnlySpan<byte> record)
    {
        int at = Skip(record, 0) + 1;
        for (int field = 0; field < 3; field++) at = Skip(record, at);
        return BinaryPrimitives.ReadInt16BigEndian(record[(at + 2)..]) == 1;
    }

    private static int Skip(ReadOnlySpan<byte> bytes, int at)
    {
        while ((bytes[at] & 0x80) != 0) at++;
        return at + 1;
    }
}
