namespace Corda.Workers.Messaging;

/// <summary>Follows a compacted topic. Every instance reads all partitions, first what there is, then what comes. One thread.</summary>
public interface ICompactedProcessor<TValue>
    where TValue : class
{
    /// <summary>The newest value of every key, once at the start (and again after the subscription had to start over).</summary>
    void OnSnapshot(IReadOnlyCollection<KeyValuePair<byte[], TValue>> values);

    /// <summary>A key has a new value, or (null) none any more.</summary>
    void OnNext(byte[] key, TValue? value);
}

/// <summary>Consumes a topic as a member of a group; its outputs and the consumed offsets commit in one transaction.</summary>
public interface IDurableProcessor<TValue>
    where TValue : class
{
    /// <summary>A batch, in order within each partition. Throws <see cref="TransientProcessingException"/> to get it again later.</summary>
    IReadOnlyList<Record> OnNext(IReadOnlyList<KeyValuePair<byte[], TValue?>> records);
}

/// <summary>Listens to a topic from now on, at most once.</summary>
public interface IPubSubProcessor<TValue>
    where TValue : class
{
    /// <summary>A record; an exception is logged and the record skipped.</summary>
    void OnNext(byte[] key, TValue? value);
}

/// <summary>Answers requests. May do I/O.</summary>
public interface IRpcResponder<in TRequest, TResponse>
{
    /// <summary>The answer; an exception is sent back as the error of the call.</summary>
    Task<TResponse> RespondAsync(TRequest request, CancellationToken cancellationToken);
}

/// <summary>Publishes outside of any subscription.</summary>
public interface IPublisher : IAsyncDisposable
{
    /// <summary>Publishes all records atomically and completes when they are durable.</summary>
    /// <exception cref="MessagingTransientException">They are not, for now; none was written.</exception>
    /// <exception cref="MessagingIndefiniteException">Nobody knows.</exception>
    /// <exception cref="RecordRefusedException">A record is too large or not of its topic's type; none was written.</exception>
    Task PublishAsync(params IReadOnlyList<Record> records);
}
