namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>A member of a consumer group, from its joining to its leaving or eviction. Guarded by the lock of <see cref="GroupCoordinator"/>.</summary>
internal sealed class GroupMember(string id, ConsumerGroup group, IReadOnlySet<string> topics, WakeSignal signal)
{
    public string Id => id;

    public ConsumerGroup Group => group;

    public IReadOnlySet<string> Topics => topics;

    /// <summary>The timestamp of its last sign of life.</summary>
    public long LastSeen { get; set; }

    /// <summary>Whether it waits within a poll. The bus wakes it whenever there is something to do, so it cannot be late.</summary>
    public bool Waiting { get; set; }

    /// <summary>Whether it was put out of the group.</summary>
    public bool Evicted { get; set; }

    /// <summary>Whether there may be something for it to do: without, a poll costs one look at this flag.</summary>
    public bool NeedsAttention { get; set; } = true;

    /// <summary>There is something to do for it: wakes it where it waits.</summary>
    public void Nudge()
    {
        NeedsAttention = true;
        signal.Set();
    }
}
