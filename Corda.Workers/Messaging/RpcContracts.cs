namespace Corda.Workers.Messaging;

/// <summary>A question that is answered: requests on the topic, answers on <c>&lt;topic&gt;.reply</c>. Requests must be idempotent: they may be asked again.</summary>
/// <param name="Name">The topic of the requests.</param>
/// <param name="Requests">Bytes of a request.</param>
/// <param name="Responses">Bytes of a response.</param>
internal sealed record RpcTopic<TRequest, TResponse>(string Name, ICodec<TRequest> Requests, ICodec<TResponse> Responses)
{
    public Topic<RpcRequest> RequestTopic { get; } = new(Name, Routing.Hash, Cleanup.Delete, new RpcRequestCodec());

    public Topic<RpcResponse> ReplyTopic { get; } = new(Name + ".reply", Routing.Hash, Cleanup.Delete, new RpcResponseCodec());
}

/// <summary>A request on the bus.</summary>
/// <param name="CorrelationId">Unique; the same again when the request is asked again.</param>
/// <param name="ReplyPartition">Where the sender listens.</param>
/// <param name="Deadline">After this nobody waits for the answer.</param>
/// <param name="Payload">The request.</param>
internal sealed record RpcRequest(string CorrelationId, int ReplyPartition, DateTimeOffset Deadline, byte[] Payload);

/// <summary>An answer on the bus; key: correlation id.</summary>
/// <param name="CorrelationId">Of the request.</param>
/// <param name="Payload">The answer; null if there was an error.</param>
/// <param name="ErrorType">The type of the responder's exception.</param>
/// <param name="ErrorMessage">Its message.</param>
internal sealed record RpcResponse(string CorrelationId, byte[]? Payload, string? ErrorType, string? ErrorMessage);

/// <summary>The responder answered with an exception.</summary>
public sealed class RpcFailedException(string errorType, string message) : Exception(message)
{
    /// <summary>The name of the type of the responder's exception.</summary>
    public string ErrorType { get; } = errorType;
}

internal sealed class RpcRequestCodec : ICodec<RpcRequest>
{
    private const byte Format = 1;

    public byte[] Encode(RpcRequest value)
    {
        var writer = new BinaryFormWriter(96 + value.Payload.Length);
        writer.Byte(Format);
        writer.Text(value.CorrelationId);
        writer.Int(value.ReplyPartition);
        writer.Time(value.Deadline);
        writer.Bytes(value.Payload);
        return writer.ToArray();
    }

    public RpcRequest Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new BinaryFormReader(bytes, "request");
        if (reader.Byte() is var format && format != Format)
        {
            throw reader.Malformed($"format {format} where {Format} is known");
        }

        var request = new RpcRequest(
            reader.TextNotNull(),
            reader.Int(),
            reader.Time() ?? throw reader.Malformed("no deadline"),
            reader.Bytes() ?? throw reader.Malformed("no payload"));
        reader.End();
        return request;
    }
}

internal sealed class RpcResponseCodec : ICodec<RpcResponse>
{
    private const byte Format = 1;

    public byte[] Encode(RpcResponse value)
    {
        var writer = new BinaryFormWriter(96 + (value.Payload?.Length ?? 0));
        writer.Byte(Format);
        writer.Text(value.CorrelationId);
        writer.Bytes(value.Payload);
        writer.Text(value.ErrorType);
        writer.Text(value.ErrorMessage);
        return writer.ToArray();
    }

    public RpcResponse Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new BinaryFormReader(bytes, "response");
        if (reader.Byte() is var format && format != Format)
        {
            throw reader.Malformed($"format {format} where {Format} is known");
        }

        var response = new RpcResponse(reader.TextNotNull(), reader.Bytes(), reader.Text(), reader.Text());
        reader.End();
        return response;
    }
}
