using System.Buffers.Binary;
using System.Text;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>The only thing that is said on a liveness connection, once by each side: who is there. Magic number, version, length, identity.</summary>
internal static class Hello
{
    private const uint Magic = 0x434F5244; // CORD
    private const byte Version = 1;
    private const int HeaderBytes = sizeof(uint) + sizeof(byte) + sizeof(ushort);
    private const int IdentityBytesMax = 1024;

    public static async Task Send(Stream stream, WorkerIdentity identity, CancellationToken cancellation)
    {
        byte[] name = Encoding.UTF8.GetBytes(identity.ToString());
        var frame = new byte[HeaderBytes + name.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, Magic);
        frame[sizeof(uint)] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(sizeof(uint) + sizeof(byte)), checked((ushort)name.Length));
        name.CopyTo(frame, HeaderBytes);
        await stream.WriteAsync(frame, cancellation);
    }

    /// <summary>The identity of the other side.</summary>
    /// <exception cref="InvalidDataException">The other side is no worker.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public static async Task<string> Receive(Stream stream, CancellationToken cancellation)
    {
        var header = new byte[HeaderBytes];
        await stream.ReadExactlyAsync(header, cancellation);
        int length = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(sizeof(uint) + sizeof(byte)));
        if (BinaryPrimitives.ReadUInt32BigEndian(header) != Magic || header[sizeof(uint)] != Version || length > IdentityBytesMax)
        {
            throw new InvalidDataException("The other side of the connection is no worker of this version.");
        }

        var name = new byte[length];
        await stream.ReadExactlyAsync(name, cancellation);
        return Encoding.UTF8.GetString(name);
    }
}
