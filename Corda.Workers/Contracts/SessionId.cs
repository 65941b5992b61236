using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Contracts;

/// <summary>Names a session, the same on both sides; 16 bytes, written as 32 hex digits. Begins with the initiating flow's routing prefix.</summary>
public readonly record struct SessionId(ulong High, ulong Low)
{
    /// <summary>The id of a flow's n-th session.</summary>
    public static SessionId Of(FlowId initiator, int number)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"session\n{initiator}\n{number}")));
        ulong high = (initiator.High & 0xFFFFFFFF_00000000) | BinaryPrimitives.ReadUInt32BigEndian(hash);
        return new SessionId(high, BinaryPrimitives.ReadUInt64BigEndian(hash.AsSpan(4)));
    }

    /// <summary>Reads 32 hex digits.</summary>
    public static SessionId Parse(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        return new SessionId(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High:x16}{Low:x16}");
}
