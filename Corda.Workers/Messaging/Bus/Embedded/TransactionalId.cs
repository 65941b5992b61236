namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>A transactional id and who holds it. Guarded by the lock of <see cref="GroupCoordinator"/>.</summary>
internal sealed class TransactionalId(string name)
{
    public string Name => name;

    /// <summary>Rises with every opening; only the newest holder may write.</summary>
    public int Epoch { get; private set; }

    /// <summary>Transactions of this id that are being written.</summary>
    public int InFlight { get; set; }

    /// <summary>Fences all former holders.</summary>
    public Holder Take() => new(this, ++Epoch);

    /// <summary>The right to write under the id, until somebody else takes it.</summary>
    internal sealed record Holder(TransactionalId Id, int Epoch)
    {
        public bool IsCurrent => Epoch == Id.Epoch;
    }
}
