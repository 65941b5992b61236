using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>
/// Answers requests as a member of a group. Answers and consumed offsets are one transaction, so no request is lost when partitions move: the new
/// owner answers it. The requests of a batch are answered at the same time; none may take longer than the answer timeout.
/// </summary>
internal sealed class RpcSubscription<TRequest, TResponse>(
    string group, RpcTopic<TRequest, TResponse> topic, IRpcResponder<TRequest, TResponse> responder, TimeSpan answerTimeout, PatternContext context)
    : GroupSubscription(
        $"rpc-{group}-{topic.Name}-{context.InstanceId}",
        group,
        [new TopicSpec(topic.RequestTopic.Name, topic.RequestTopic.Cleanup), new TopicSpec(topic.ReplyTopic.Name, topic.ReplyTopic.Cleanup)],
        context)
{
    private readonly RecordEncoder encoder = new(context.Bus, context.RecordBytesMax);

    protected override IReadOnlyList<OutgoingRecord> Process(IReadOnlyList<ConsumedRecord> records)
    {
        OutgoingRecord?[] answers = Task.WhenAll(records.Select(Answer)).GetAwaiter().GetResult();
        return [.. answers.OfType<OutgoingRecord>()];
    }

    private async Task<OutgoingRecord?> Answer(ConsumedRecord record)
    {
        RpcRequest request;
        try
        {
            request = topic.RequestTopic.Codec.Decode(record.Value ?? []);
        }
        catch (MalformedRecordException cause)
        {
            MessagingLog.RecordSkipped(Context.Logger, Name, record.Partition.ToString(), record.Offset, cause.Message, cause);
            return null;
        }

        // Nobody waits any more.
        return request.Deadline < Context.Time.GetUtcNow() ? null : ToRecord(request, record.Key, await Respond(request));
    }

    private async Task<RpcResponse> Respond(RpcRequest request)
    {
        using var timeout = new CancellationTokenSource(answerTimeout, Context.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, Stopping);
        try
        {
            TResponse response = await Task.Run(() => responder.RespondAsync(topic.Requests.Decode(request.Payload), ending.Token), ending.Token)
                .WaitAsync(ending.Token);
            return new RpcResponse(request.CorrelationId, topic.Responses.Encode(response), null, null);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            return new RpcResponse(request.CorrelationId, null, nameof(TimeoutException), $"{topic.Name} had no answer within {answerTimeout}");
        }
        catch (Exception cause)
        {
            return new RpcResponse(request.CorrelationId, null, cause.GetType().Name, cause.Message);
        }
    }

    private OutgoingRecord ToRecord(RpcRequest request, byte[] key, RpcResponse response)
    {
        var partition = new TopicPartition(topic.ReplyTopic.Name, request.ReplyPartition);
        try
        {
            return encoder.Checked(new OutgoingRecord(partition, key, topic.ReplyTopic.Encode(response)));
        }
        catch (RecordRefusedException cause)
        {
            var refused = new RpcResponse(request.CorrelationId, null, nameof(RecordRefusedException), cause.Message);
            return new OutgoingRecord(partition, key, topic.ReplyTopic.Encode(refused));
        }
    }
}
