using System.ComponentModel;
using Corda.Workers.Messaging;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host.Api;

/// <summary>What was given up: inputs of flows that could not be processed, with all it takes to find out why.</summary>
internal static class DeadLetterApi
{
    public static void MapDeadLetters(this IEndpointRouteBuilder api) => api.MapGroup("/cluster").WithTags("Cluster")
        .MapGet("/dead-letters", Latest)
        .WithName("GetDeadLetters")
        .WithSummary("Inputs of flows that were given up, newest first")
        .WithDescription("They are read from the bus for every request and stay there for the retention of its topics (on Kafka 3 days by default).")
        .ProducesProblem(400).ProducesProblem(503);

    private static async Task<Results<Ok<DeadLettersResponse>, ProblemHttpResult>> Latest(
        [Description("How many, 1 to 1000; 100 if not given")] string? limit,
        [Description("true: with the bytes of event and state, base64")] string? bytes,
        DeadLetterReader reader,
        CancellationToken cancellationToken)
    {
        if (PageLimit.Read(limit, out int lettersMax) is { } badLimit) return badLimit;

        bool withBytes = false;
        if (bytes is not null && !bool.TryParse(bytes, out withBytes)) return Problems.BadQuery("bytes", bytes, "true or false");

        try
        {
            IReadOnlyList<PlacedDeadLetter> letters = await reader.LatestAsync(lettersMax, cancellationToken);
            return TypedResults.Ok(new DeadLettersResponse([.. letters.Select(one => DeadLetterResponse.Of(one, withBytes))]));
        }
        catch (MessagingTransientException cause)
        {
            return Problems.Unavailable($"The dead letters cannot be read: {cause.Message}.");
        }
    }
}

internal sealed record DeadLettersResponse(IReadOnlyList<DeadLetterResponse> DeadLetters);

internal sealed record DeadLetterResponse(
    [property: Description("When it was given up.")]
    DateTimeOffset Timestamp,
    [property: Description("The key of the input, hexadecimal: the flow's id, unless the input was no event of ours.")]
    string FlowId,
    [property: Description("Where the input came from.")]
    string Topic,
    int Partition,
    [property: Description("The place of this dead letter in its own topic.")]
    string Place,
    [property: Description("Names the input: its place in the log, its due time, or the chain it came by.")]
    string InputId,
    [property: Description("The sort of failure; null where the input could not even be read, or the flow engine refused it.")]
    string? Kind,
    int Attempts,
    string Reason,
    [property: Description("The exception with its stack; null for none.")]
    string? Error,
    [property: Description("null: it was no event but a due time, it is in another dead letter of the same input, or it was too large to be kept.")]
    int? EventBytes,
    [property: Description("null: there was no state, it is in another dead letter of the same input, or it was too large to be kept.")]
    int? StateBytes,
    [property: Description("The event itself, base64; only with bytes=true.")]
    byte[]? Event,
    [property: Description("The state that it was to change, base64; only with bytes=true.")]
    byte[]? State)
{
    public static DeadLetterResponse Of(PlacedDeadLetter placed, bool withBytes) => new(
        placed.Letter.Timestamp,
        Convert.ToHexStringLower(placed.Letter.Key),
        placed.Letter.Topic,
        placed.Letter.Partition,
        $"{placed.Partition}@{placed.Offset}",
        placed.Letter.InputId,
        placed.Letter.Kind?.ToString(),
        placed.Letter.Attempts,
        placed.Letter.Reason,
        placed.Letter.Error,
        placed.Letter.Event?.Length,
        placed.Letter.State?.Length,
        withBytes ? placed.Letter.Event : null,
        withBytes ? placed.Letter.State : null);
}
