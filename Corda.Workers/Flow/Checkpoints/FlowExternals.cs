namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// The platform services that a flow may hold in its fields and locals. They are not saved: a checkpoint holds their place in this list,
/// and a restored flow finds there the services of the worker that restored it.
/// </summary>
/// <param name="Services">In a fixed order, the same on every worker of one format version. Compared by reference.</param>
internal sealed record FlowExternals(IReadOnlyList<object> Services);
