namespace Corda.Workers.Messaging;

/// <summary>A record on its way out. A null value is a tombstone.</summary>
/// <param name="Topic">Where it goes.</param>
/// <param name="Key">What it is about; chooses the partition. Never changed after it is handed over.</param>
/// <param name="Value">An immutable value of the topic's type, or null.</param>
public sealed record Record(Topic Topic, byte[] Key, object? Value)
{
    /// <summary>A record whose value has the topic's type.</summary>
    public static Record Of<TValue>(Topic<TValue> topic, byte[] key, TValue? value)
        where TValue : class => new(topic, key, value);
}
