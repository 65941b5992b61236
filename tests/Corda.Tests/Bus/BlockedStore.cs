using Corda.Workers.Messaging.Bus.Embedded;

namespace Corda.Tests.Bus;

/// <summary>A store on a disk that can stand still.</summary>
internal sealed class BlockedStore() : LogStoreOver(new MemoryLogStore())
{
    private readonly ManualResetEventSlim free = new(initialState: true);
    private int disposals;

    public int Disposals => disposals;

    public void Block() => free.Reset();

    public void Release() => free.Set();

    public override void Write(LogWrite write)
    {
        free.Wait();
        base.Write(write);
    }

    public override void Dispose()
    {
        Interlocked.Increment(ref disposals);
        base.Dispose();
    }
}
