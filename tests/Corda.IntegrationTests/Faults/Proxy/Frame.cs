using System.Buffers.Binary;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>One request or response as it stands on the wire: four bytes of length, then so many.</summary>
internal sealed record Frame(byte[] Bytes)
{
    private const int LengthBytes = 4;
    private const int BytesMax = 128 * 1024 * 1024;

    /// <summary>Of a request: its kind.</summary>
    public ApiKey ApiKey => Bytes.Length >= LengthBytes + 2 ? (ApiKey)BinaryPrimitives.ReadInt16BigEndian(Bytes.AsSpan(LengthBytes)) : (ApiKey)(-1);

    /// <summary>Of a request: what its response will be known by.</summary>
    public int RequestCorrelation => Bytes.Length >= LengthBytes + 8 ? BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(LengthBytes + 4)) : -1;

    /// <summary>Of a response: the request it answers.</summary>
    public int ResponseCorrelation => Bytes.Length >= LengthBytes + 4 ? BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(LengthBytes)) : -1;

    /// <summary>Of a request of a transaction, and of a write: its transactional id; null for none.</summary>
    public string? TransactionalId => ApiKey
        is ApiKey.Produce or ApiKey.InitProducerId or ApiKey.AddPartitionsToTxn or ApiKey.AddOffsetsToTxn or ApiKey.TxnOffsetCommit or ApiKey.EndTxn
            ? new RequestReader(this).Text()
            : null;

    /// <summary>Of a request about a transaction's parts or its end: its producer, id and epoch as the log has them; null for none.</summary>
    public string? Producer
    {
        get
        {
            if (ApiKey is not (ApiKey.AddPartitionsToTxn or ApiKey.AddOffsetsToTxn or ApiKey.EndTxn)) return null;
            var reader = new RequestReader(this);
            reader.Text();
            return reader.Long() is { } id && reader.Short() is { } epoch ? $"{id}:{epoch}" : null;
        }
    }

    /// <summary>Whether somebody asks to join a group who is no member of it yet, or no longer: without a name in the classic protocol, in epoch 0 in the other one.</summary>
    public bool IsNewMember
    {
        get
        {
            if (ApiKey is not (ApiKey.JoinGroup or ApiKey.ConsumerGroupHeartbeat)) return false;
            var reader = new RequestReader(this);
            reader.Text();
            if (ApiKey == ApiKey.JoinGroup)
            {
                reader.Skip(reader.Version == 0 ? sizeof(int) : 2 * sizeof(int));
                return reader.Text() == "";
            }

            reader.Text();
            return reader.Int() == 0;
        }
    }

    /// <summary>The next one; null when the other side has ended.</summary>
    public static async Task<Frame?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] length = new byte[LengthBytes];
        if (await stream.ReadAtLeastAsync(length, LengthBytes, throwOnEndOfStream: false, cancellationToken) < LengthBytes) return null;
        int count = BinaryPrimitives.ReadInt32BigEndian(length);
        if (count is < 0 or > BytesMax) throw new InvalidDataException($"A frame of {count} bytes: what comes here is not the Kafka protocol.");
        byte[] bytes = new byte[LengthBytes + count];
        length.CopyTo(bytes, 0);
        return await stream.ReadAtLeastAsync(bytes.AsMemory(LengthBytes), count, throwOnEndOfStream: false, cancellationToken) < count ? null : new Frame(bytes);
    }
}
