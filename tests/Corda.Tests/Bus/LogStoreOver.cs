using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;

namespace Corda.Tests.Bus;

/// <summary>Hands everything on to another store; a test overrides what it wants to go otherwise.</summary>
internal abstract class LogStoreOver(ILogStore inner) : ILogStore
{
    public StoredLog Open() => inner.Open();

    public void AddTopics(IReadOnlyList<StoredTopic> topics) => inner.AddTopics(topics);

    public virtual void Write(LogWrite write) => inner.Write(write);

    public virtual long LastSequence() => inner.LastSequence();

    public LogSlice Read(StoredPartition partition, long from, long to, long bytesMax) => inner.Read(partition, from, to, bytesMax);

    public bool Trim(StoredPartition partition, long below, DateTimeOffset takenBefore) => inner.Trim(partition, below, takenBefore);

    public void Replace(StoredPartition partition, long from, long to, IReadOnlyList<ConsumedRecord> survivors) => inner.Replace(partition, from, to, survivors);

    public void MarkClean(StoredPartition partition, CleanMark mark) => inner.MarkClean(partition, mark);

    public void ForgetGroup(string group) => inner.ForgetGroup(group);

    public void OnIdle() => inner.OnIdle();

    public virtual void Dispose() => inner.Dispose();
}
