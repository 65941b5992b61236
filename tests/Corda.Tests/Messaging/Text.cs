using System.Text;
using Corda.Workers.Messaging;

namespace Corda.Tests.Messaging;

/// <summary>What states, events and outputs of these tests are: text. Text that begins with "unreadable" or "unwritable" is just that.</summary>
internal sealed record Text(string Value)
{
    /// <summary>Something that is not part of the bytes, as a decoded state may carry it.</summary>
    public object? Cache { get; init; }
}

internal sealed class TextCodec : ICodec<Text>
{
    public byte[] Encode(Text value) => value.Value.StartsWith("unwritable", StringComparison.Ordinal)
        ? throw new InvalidOperationException("this text cannot be written")
        : Encoding.UTF8.GetBytes(value.Value);

    public Text Decode(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (text.StartsWith("overflowing", StringComparison.Ordinal))
        {
            throw new OverflowException("a codec that does not check its bytes");
        }

        return bytes.IsEmpty || text.StartsWith("unreadable", StringComparison.Ordinal)
            ? throw new MalformedRecordException("these bytes are no text")
            : new Text(text);
    }
}
