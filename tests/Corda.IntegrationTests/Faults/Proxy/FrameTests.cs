using System.Buffers.Binary;
using System.Text;

namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>What the proxy reads in requests, byte by byte as the protocol lays them out.</summary>
public sealed class FrameTests
{
    private static readonly byte[] Producer = [0, 0, 0, 0, 0, 0, 0x10, 0x01, 0, 7];
    private static readonly byte[] Timeouts = [0, 0, 0x0B, 0xB8, 0, 0, 0xEA, 0x60];

    [Fact]
    public void End_of_a_transaction_tells_whose_it_is()
    {
        Frame end = Request(ApiKey.EndTxn, 1, [.. Old("lane-1.a"), .. Producer, 1]);

        Assert.Equal(("lane-1.a", "4097:7"), (end.TransactionalId, end.Producer));
    }

    [Fact]
    public void Flexible_request_is_read_behind_its_tagged_fields()
    {
        Frame offsets = Request(ApiKey.TxnOffsetCommit, 3, [0, .. Compact("lane-1.b"), .. Compact("group"), .. Producer]);

        Assert.Equal(("lane-1.b", null), (offsets.TransactionalId, offsets.Producer));
        Assert.Equal(new string('x', 200), Request(ApiKey.Produce, 10, [0, .. Compact(new string('x', 200))]).TransactionalId);
        Assert.Null(Request(ApiKey.Produce, 10, [0, 0, 0, 1]).TransactionalId);
    }

    [Fact]
    public void New_member_is_told_from_one_that_joins_again()
    {
        Assert.True(Request(ApiKey.JoinGroup, 5, [.. Old("group"), .. Timeouts, .. Old("")]).IsNewMember);
        Assert.False(Request(ApiKey.JoinGroup, 5, [.. Old("group"), .. Timeouts, .. Old("member-1")]).IsNewMember);
        Assert.True(Request(ApiKey.ConsumerGroupHeartbeat, 1, [0, .. Compact("group"), .. Compact("member-1"), 0, 0, 0, 0]).IsNewMember);
        Assert.False(Request(ApiKey.ConsumerGroupHeartbeat, 1, [0, .. Compact("group"), .. Compact("member-1"), 0, 0, 0, 7]).IsNewMember);
        Assert.False(Request(ApiKey.SyncGroup, 3, [.. Old("group"), .. Timeouts, .. Old("")]).IsNewMember);
    }

    [Fact]
    public void What_is_cut_off_has_no_such_field()
    {
        foreach (ApiKey kind in Enum.GetValues<ApiKey>())
        {
            Frame cut = new(Request(kind, 3, []).Bytes[..12]);
            Assert.Equal((null, null, false), (cut.TransactionalId, cut.Producer, cut.IsNewMember));
        }
    }

    private static Frame Request(ApiKey kind, short version, byte[] body)
    {
        byte[] header = new byte[12];
        BinaryPrimitives.WriteInt16BigEndian(header.AsSpan(4), (short)kind);
        BinaryPrimitives.WriteInt16BigEndian(header.AsSpan(6), version);
        byte[] bytes = [.. header, .. Old("client"), .. body];
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
        return new Frame(bytes);
    }

    private static byte[] Old(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Compact(string text)
    {
        int length = text.Length + 1;
        return [.. length < 0x80 ? new[] { (byte)length } : [(byte)(length & 0x7F | 0x80), (byte)(length >> 7)], .. Encoding.UTF8.GetBytes(text)];
    }
}
