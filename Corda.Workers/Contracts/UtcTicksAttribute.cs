using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>
/// Writes a time as its ticks in UTC (100 ns since the year 1). As the struct lies in memory, which is what the serializer would write, it holds unused bytes between its
/// fields: equal values would have different bytes, and whatever lay there before would leave the process.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class UtcTicksAttribute : MemoryPackCustomFormatterAttribute<UtcTicksAttribute.Formatter, DateTimeOffset>
{
    private static readonly Formatter Shared = new();

    public override Formatter GetFormatter() => Shared;

    internal sealed class Formatter : MemoryPackFormatter<DateTimeOffset>
    {
        public override void Serialize<TBufferWriter>(ref MemoryPackWriter<TBufferWriter> writer, scoped ref DateTimeOffset value) =>
            writer.WriteUnmanaged(value.UtcTicks);

        public override void Deserialize(ref MemoryPackReader reader, scoped ref DateTimeOffset value) =>
            value = new DateTimeOffset(reader.ReadUnmanaged<long>(), TimeSpan.Zero);
    }
}
