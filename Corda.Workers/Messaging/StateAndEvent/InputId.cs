using System.Globalization;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>
/// Names an input; the same again when the same input is processed again. An event is named by its place in the log, a due time by key version and
/// time, a chained event by its root input and the path from there (of constant length however long the chain).
/// </summary>
internal sealed record InputId
{
    private readonly string root;
    private readonly int depth;
    private readonly ulong path;
    private string? text;

    private InputId(string root, int depth, ulong path, long offset)
    {
        this.root = root;
        this.depth = depth;
        this.path = path;
        Offset = offset;
    }

    /// <summary>The offset in the event partition of the key; -1 if it does not come from the log just now.</summary>
    public long Offset { get; }

    public static InputId OfEvent(TopicPartition partition, long offset) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{partition.Topic}-{partition.Partition}@{offset}"), 0, 0, offset);

    public static InputId OfDue(long version, DateTimeOffset dueAt) =>
        new(string.Create(CultureInfo.InvariantCulture, $"due:{version}@{dueAt.UtcTicks}"), 0, 0, -1);

    /// <summary>The id of an input that was kept in a parked key. Without an offset: the key's record already counts it as read.</summary>
    public static InputId OfHeld(HeldInput held) => new(held.Id, 0, 0, -1);

    /// <summary>The id of the n-th output of this input's step, when it is processed in the same transaction.</summary>
    public InputId Child(int index) => new(root, depth + 1, unchecked(((path * 1_099_511_628_211UL) ^ (ulong)(index + 1)) * 1_099_511_628_211UL), -1);

    /// <summary>The id of the due time that this input's step has set, when it has come by then.</summary>
    public InputId ChildDue() => Child(-1);

    public override string ToString() =>
        text ??= depth == 0 ? root : string.Create(CultureInfo.InvariantCulture, $"{root}/{depth}.{path:x}");
}
