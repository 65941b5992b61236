namespace Corda.Workers.Rpc;

/// <summary>The rpc role. Section <c>Corda:Rpc</c>.</summary>
internal sealed record RpcOptions
{
    /// <summary>
    /// How long a start or a kill waits for a flow worker to confirm it before it answers 503. Default 10 s: longer than a flow worker's failover,
    /// shorter than the patience of most HTTP clients and proxies.
    /// </summary>
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most that <c>Prefer: wait=N</c> is granted. Default 60 s: proxies commonly cut a silent request at that age.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The largest request taken, in bytes. Default 1 MiB: a start travels as one record, and records of the bus are limited to about that.
    /// </summary>
    public int RequestBytesMax { get; init; } = 1024 * 1024;

    /// <summary>
    /// How many bytes of ended flows' statuses (results most of all) are kept in memory; the older ones stay in a file under the data folder and are
    /// read when asked for. Default 64 MiB.
    /// </summary>
    public long EndedStatusBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// How many starts may wait for a flow worker to confirm them before more are answered 503 unrecorded. Default 10,000: some seconds of the most that a
    /// cluster takes, and a bound to what piles up while no flow worker runs.
    /// </summary>
    public int UnconfirmedStartsMax { get; init; } = 10_000;
}
