namespace Corda.Benchmarks.Kafka;

/// <summary>What restarts of the broker cost, in milliseconds, one of each for each.</summary>
/// <param name="Gone">From its death to its first answer to a client.</param>
/// <param name="First">From that answer to the next step of the first flow.</param>
/// <param name="Last">From that answer to the next step of the last flow; of one that made none, to the end of the watch.</param>
/// <param name="Silent">How many flows made none, in all rounds.</param>
internal sealed record BrokerRestarts(IReadOnlyList<double> Gone, IReadOnlyList<double> First, IReadOnlyList<double> Last, int Silent);
