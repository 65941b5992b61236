using System.Buffers.Binary;
using System.Text;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>Reads the first fields of a request, in the old form and in the flexible one. What is too short for a field has none.</summary>
internal ref struct RequestReader
{
    private const int VersionAt = 6;
    private const int ClientIdAt = 12;
    private readonly ReadOnlySpan<byte> bytes;
    private readonly bool flexible;
    private int at;

    public RequestReader(Frame request)
    {
        bytes = request.Bytes;
        Version = bytes.Length >= VersionAt + 2 ? BinaryPrimitives.ReadInt16BigEndian(bytes[VersionAt..]) : (short)0;
        flexible = Version >= FirstFlexible(request.ApiKey);

        // The header ends with the client's name, in the old form always; then, if flexible, with tagged fields, of which clients send none.
        at = ClientIdAt;
        OldText();
        if (flexible) at++;
    }

    public short Version { get; }

    public string? Text() => flexible ? CompactText() : OldText();

    public long? Long() => Take(sizeof(long)) is { IsEmpty: false } field ? BinaryPrimitives.ReadInt64BigEndian(field) : null;

    public int? Int() => Take(sizeof(int)) is { IsEmpty: false } field ? BinaryPrimitives.ReadInt32BigEndian(field) : null;

    public short? Short() => Take(sizeof(short)) is { IsEmpty: false } field ? BinaryPrimitives.ReadInt16BigEndian(field) : null;

    public void Skip(int count) => at += count;

    private static short FirstFlexible(ApiKey kind) => kind switch
    {
        ApiKey.Produce => 9,
        ApiKey.JoinGroup => 6,
        ApiKey.InitProducerId => 2,
        ApiKey.ConsumerGroupHeartbeat => 0,
        ApiKey.AddPartitionsToTxn or ApiKey.AddOffsetsToTxn or ApiKey.TxnOffsetCommit or ApiKey.EndTxn => 3,
        _ => short.MaxValue,
    };

    private string? OldText()
    {
        int length = Short() ?? -1;
        return length < 0 ? null : Utf8(length);
    }

    private string? CompactText()
    {
        int length = 0;
        for (int shift = 0; shift < 28 && Take(1) is { IsEmpty: false } part; shift += 7)
        {
            length |= (part[0] & 0x7F) << shift;
            if (part[0] < 0x80) break;
        }

        return length == 0 ? null : Utf8(length - 1);
    }

    private string? Utf8(int length) => length == 0 ? "" : Take(length) is { IsEmpty: false } field ? Encoding.UTF8.GetString(field) : null;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (at + count > bytes.Length) return [];
        ReadOnlySpan<byte> field = bytes.Slice(at, count);
        at += count;
        return field;
    }
}
