using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Contracts;

/// <summary>
/// Names a flow; 16 bytes, written as 32 hex digits. Its first four bytes route it to a partition (<c>Routing.Prefix</c>). Derived, never
/// random: a repeated start has the same id, so the flow's own state decides about duplicates.
/// </summary>
public readonly record struct FlowId(ulong High, ulong Low)
{
    /// <summary>The id of a flow started by a client.</summary>
    public static FlowId OfClientStart(string holdingIdentityShortHash, string clientRequestId) =>
        FromHash(SHA256.HashData(Encoding.UTF8.GetBytes($"client\n{holdingIdentityShortHash}\n{clientRequestId}")));

    /// <summary>
    /// The id of the flow that answers a session. Keeps the session's routing prefix, which is the initiator's: both sides live on one partition.
    /// </summary>
    public static FlowId OfResponder(SessionId session)
    {
        FlowId hashed = FromHash(SHA256.HashData(Encoding.UTF8.GetBytes($"responder\n{session}")));
        return hashed with { High = (session.High & 0xFFFFFFFF_00000000) | (hashed.High & 0xFFFFFFFF) };
    }

    /// <summary>Reads the 16 bytes of a key.</summary>
    public static FlowId FromKey(ReadOnlySpan<byte> key) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(key), BinaryPrimitives.ReadUInt64BigEndian(key[8..]));

    /// <summary>Reads 32 hex digits.</summary>
    public static FlowId Parse(string hex) => FromKey(Convert.FromHexString(hex));

    /// <summary>The 16 bytes that are the flow's key on every topic.</summary>
    public byte[] ToKey()
    {
        var key = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(key, High);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(8), Low);
        return key;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");

    private static FlowId FromHash(byte[] hash) => FromKey(hash);
}
