using System.Diagnostics.CodeAnalysis;

namespace Corda.Workers.Messaging;

/// <summary>Compares keys by their bytes.</summary>
internal sealed class KeyComparer : IEqualityComparer<byte[]>
{
    public static readonly KeyComparer Instance = new();

    private KeyComparer()
    {
    }

    public bool Equals(byte[]? x, byte[]? y) => ReferenceEquals(x, y) || (x is not null && y is not null && x.AsSpan().SequenceEqual(y));

    public int GetHashCode([DisallowNull] byte[] obj) => HashOf(obj);

    public static int HashOf(byte[] key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }

    /// <summary>A key for people: readable text as it is, anything else as hex digits, at most 32 bytes of it.</summary>
    public static string Text(byte[] key)
    {
        bool readable = key.Length > 0 && key.All(static b => b is >= 0x21 and < 0x7F);
        ReadOnlySpan<byte> shown = key.AsSpan(0, Math.Min(key.Length, 32));
        return readable ? System.Text.Encoding.ASCII.GetString(shown) : Convert.ToHexStringLower(shown);
    }
}
