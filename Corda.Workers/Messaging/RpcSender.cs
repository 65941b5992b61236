using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>
/// Asks and waits for the answer; asks again as long as there is none, for a request may have been taken by a responder that died. Listens on one
/// reply partition. <see cref="AskAsync"/> is thread-safe.
/// </summary>
internal sealed class RpcSender<TRequest, TResponse>(RpcTopic<TRequest, TResponse> topic, PatternContext context)
    : LoopSubscription($"rpc-sender-{topic.Name}-{context.InstanceId}", context)
{
    private const int RecordsMax = 500;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<RpcResponse>> waiting = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<int> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Publisher publisher = new($"rpc-sender-{topic.Name}-{context.InstanceId}", context);

    // Unique over restarts of the same instance: an answer to a former life must not be taken for one to this.
    private readonly string correlationPrefix = string.Create(
        CultureInfo.InvariantCulture, $"{context.InstanceId}-{context.Time.GetUtcNow().UtcTicks:x}-");

    private volatile IPartitionReader? reader;
    private long lastCorrelation;

    protected override bool IsReady => listening.Task.IsCompletedSuccessfully && reader is not null;

    /// <summary>Asks, again after every <paramref name="askAgainAfter"/> without an answer.</summary>
    /// <exception cref="TimeoutException">No answer within <paramref name="timeout"/>.</exception>
    /// <exception cref="RpcFailedException">The responder answered with an exception.</exception>
    public async Task<TResponse> AskAsync(TRequest request, TimeSpan timeout, TimeSpan askAgainAfter, CancellationToken cancellationToken)
    {
        string correlation = correlationPrefix + Interlocked.Increment(ref lastCorrelation).ToString(CultureInfo.InvariantCulture);
        DateTimeOffset deadline = Context.Time.GetUtcNow() + timeout;
        TaskCompletionSource<RpcResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[correlation] = answer;
        try
        {
            // The answer would be missed by who does not listen yet.
            int replyPartition = await listening.Task.WaitAsync(timeout, Context.Time, cancellationToken);
            Record record = Record.Of(
                topic.RequestTopic,
                Encoding.UTF8.GetBytes(correlation),
                new RpcRequest(correlation, replyPartition, deadline, topic.Requests.Encode(request)));
            return ToResult(await AskUntilAnswered(record, correlation, answer.Task, deadline, askAgainAfter, cancellationToken));
        }
        finally
        {
            waiting.TryRemove(correlation, out _);
        }
    }

    /// <inheritdoc/>
    public override void Turn()
    {
        if (reader is null)
        {
            Open();
        }

        foreach (ConsumedRecord record in reader!.Poll(RecordsMax, Context.PollWait))
        {
            Take(record);
        }
    }

    /// <inheritdoc/>
    public override void Recover(LoopFault fault) => Close();

    /// <inheritdoc/>
    public override void Close()
    {
        IPartitionReader? closing = reader;
        reader = null;
        closing?.Dispose();
    }

    protected override void Wakeup() => reader?.Wakeup();

    private void Open()
    {
        Context.Bus.EnsureTopics(
            [new TopicSpec(topic.RequestTopic.Name, topic.RequestTopic.Cleanup), new TopicSpec(topic.ReplyTopic.Name, topic.ReplyTopic.Cleanup)]);
        int partition = Partitioning.PartitionOf(Routing.Hash, Encoding.UTF8.GetBytes(Context.InstanceId), Context.Bus.PartitionCount(topic.ReplyTopic.Name));
        var own = new TopicPartition(topic.ReplyTopic.Name, partition);
        IPartitionReader opened = Context.Bus.OpenReader([own], StartAt.End);
        _ = opened.Position(own);
        reader = opened;
        listening.TrySetResult(partition);
    }

    private void Take(ConsumedRecord record)
    {
        // Several senders share a partition: answers to others are not even decoded.
        if (!waiting.TryGetValue(Encoding.UTF8.GetString(record.Key), out TaskCompletionSource<RpcResponse>? answer))
        {
            return;
        }

        try
        {
            answer.TrySetResult(topic.ReplyTopic.Codec.Decode(record.Value ?? []));
        }
        catch (MalformedRecordException cause)
        {
            answer.TrySetException(cause);
        }
    }

    private async Task<RpcResponse> AskUntilAnswered(
        Record record, string correlation, Task<RpcResponse> answer, DateTimeOffset deadline, TimeSpan askAgainAfter, CancellationToken cancellationToken)
    {
        while (true)
        {
            await TryPublish(record);
            TimeSpan left = deadline - Context.Time.GetUtcNow();
            TimeSpan wait = left < askAgainAfter ? left : askAgainAfter;
            try
            {
                return await answer.WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Context.Time, cancellationToken);
            }
            catch (TimeoutException) when (Context.Time.GetUtcNow() < deadline)
            {
                MessagingLog.RpcRetries(Context.Logger, Name, correlation, wait);
            }
            catch (TimeoutException cause)
            {
                throw new TimeoutException($"No answer from {topic.Name} in time; is a worker running that answers it?", cause);
            }
        }
    }

    private async Task TryPublish(Record record)
    {
        try
        {
            await publisher.PublishAsync(record);
        }
        catch (Exception cause) when (cause is MessagingTransientException or MessagingIndefiniteException)
        {
            // Not written, or nobody knows: asked again after the wait, as if the responder had been silent.
            MessagingLog.LoopStepFailed(Context.Logger, Name, "publish a request", cause);
        }
    }

    private TResponse ToResult(RpcResponse response) => response.Payload is { } payload
        ? topic.Responses.Decode(payload)
        : throw new RpcFailedException(response.ErrorType ?? "unknown", response.ErrorMessage ?? $"{topic.Name} answered with an error");
}
