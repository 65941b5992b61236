namespace Corda.Workers.Messaging;

/// <summary>A topic as the patterns know it: how keys are routed to partitions and how long records live.</summary>
/// <param name="Name">Lower case, dotted; <c>.state</c>, <c>.dlq</c> and <c>.reply</c> are suffixes with a meaning.</param>
/// <param name="Routing">How a key chooses its partition.</param>
/// <param name="Cleanup">How long records live.</param>
public abstract record Topic(string Name, Routing Routing, Cleanup Cleanup)
{
    /// <summary>It has few keys, each written all the time: is to be compacted soon, or a newcomer would read hours of what is out of date.</summary>
    public bool HasFewKeys { get; init; }

    /// <summary>The topic as the bus knows it.</summary>
    internal Bus.TopicSpec Spec => new(Name, Cleanup) { HasFewKeys = HasFewKeys };

    /// <summary>The bytes of a value of this topic.</summary>
    /// <exception cref="InvalidCastException">The value is not of the topic's type.</exception>
    public abstract byte[] Encode(object value);
}

/// <inheritdoc cref="Topic"/>
/// <typeparam name="TValue">The immutable record that travels on this topic.</typeparam>
public sealed record Topic<TValue>(string Name, Routing Routing, Cleanup Cleanup, ICodec<TValue> Codec) : Topic(Name, Routing, Cleanup)
    where TValue : class
{
    /// <inheritdoc/>
    public override byte[] Encode(object value) => Codec.Encode((TValue)value);
}

/// <summary>Turns values into bytes and back. Thread-safe.</summary>
public interface ICodec<TValue>
{
    /// <summary>The bytes of a value.</summary>
    byte[] Encode(TValue value);

    /// <summary>The value of bytes.</summary>
    /// <exception cref="MalformedRecordException">The bytes are not a value of this type and version.</exception>
    TValue Decode(ReadOnlySpan<byte> bytes);
}

/// <summary>How a key chooses its partition.</summary>
public enum Routing
{
    /// <summary>All bytes of the key are hashed.</summary>
    Hash,

    /// <summary>The key's first four bytes, read as a big-endian number, modulo the number of partitions: keys with one prefix stay together.</summary>
    Prefix,

    /// <summary>All keys go to the first partition: for few records whose order among each other counts.</summary>
    One,
}

/// <summary>How long records live.</summary>
public enum Cleanup
{
    /// <summary>Until every consumer group has read them and the retention time is over.</summary>
    Delete,

    /// <summary>The newest record of every key lives until a record without a value (a tombstone) follows it.</summary>
    Compact,
}
