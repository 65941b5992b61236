using MemoryPack;

namespace Corda.Workers.Contracts;

/// <summary>As <see cref="UtcTicksAttribute"/>, for a time that may be missing: -1 then.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
internal sealed class UtcTicksOrNoneAttribute : MemoryPackCustomFormatterAttribute<UtcTicksOrNoneAttribute.Formatter, DateTimeOffset?>
{
    private const long None = -1;
    private static readonly Formatter Shared = new();

    public override Formatter GetFormatter() => Shared;

    internal sealed class Formatter : MemoryPackFormatter<DateTimeOffset?>
    {
        public override void Serialize<TBufferWriter>(ref MemoryPackWriter<TBufferWriter> writer, scoped ref DateTimeOffset? value) =>
            writer.WriteUnmanaged(value?.UtcTicks ?? None);

        public override void Deserialize(ref MemoryPackReader reader, scoped ref DateTimeOffset? value)
        {
            long ticks = reader.ReadUnmanaged<long>();
            value = ticks == None ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
        }
    }
}
