using System.Net;
using System.Text.Json;
using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.DependencyInjection;

namespace Corda.Tests.Api;

[Collection(HostedApiTests.Name)]
public sealed class DeadLetterTests(HostedApi api)
{
    private static readonly byte[] NoEvent = [200, 1, 2, 3];
    private readonly CordaFixture corda = api.Corda;

    [Fact]
    public async Task What_was_given_up_can_be_looked_at_with_its_reason_and_its_bytes()
    {
        byte[] key = Guid.NewGuid().ToByteArray();
        using IBatchProducer producer = corda.Services.GetRequiredService<IMessageBus>().OpenProducer($"poison-{Guid.NewGuid():N}");
        await producer.WriteAsync([new OutgoingRecord(new TopicPartition("flow.event", 1), key, NoEvent)]);

        JsonElement letter = default;
        await Eventually.True(async () => (letter = await Find(key, "?bytes=true")).ValueKind == JsonValueKind.Object, () => "the dead letter");
        Assert.Equal(("flow.event", 1, 4), (letter.Text("topic"), letter.GetProperty("partition").GetInt32(), letter.GetProperty("eventBytes").GetInt32()));
        Assert.Equal(NoEvent, letter.GetProperty("event").GetBytesFromBase64());
        Assert.StartsWith("flow.event.dlq-1@", letter.Text("place"), StringComparison.Ordinal);
        Assert.NotEmpty(letter.Text("reason")!);

        JsonElement withoutBytes = await Find(key, "");
        Assert.Equal((4, JsonValueKind.Null), (withoutBytes.GetProperty("eventBytes").GetInt32(), withoutBytes.GetProperty("event").ValueKind));
    }

    [Fact]
    public async Task A_dead_letter_that_cannot_be_read_is_shown_as_what_it_is_and_hides_no_other()
    {
        byte[] key = Guid.NewGuid().ToByteArray();
        using IBatchProducer producer = corda.Services.GetRequiredService<IMessageBus>().OpenProducer($"poison-{Guid.NewGuid():N}");
        await producer.WriteAsync([new OutgoingRecord(new TopicPartition("flow.event.dlq", 1), key, NoEvent)]);

        JsonElement letter = await Find(key, "?bytes=true");

        Assert.Contains("cannot be read", letter.Text("reason"), StringComparison.Ordinal);
        Assert.Equal(NoEvent, letter.GetProperty("event").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=many", "limit")]
    [InlineData("?bytes=some", "bytes")]
    public async Task A_bad_query_is_refused_by_name(string query, string parameter)
    {
        using HttpResponseMessage answer = await corda.Client.GetAsync(Dead(query));
        JsonElement problem = await answer.Json(HttpStatusCode.BadRequest);
        Assert.Contains($"query parameter {parameter} ", problem.Text("detail"), StringComparison.Ordinal);
    }

    private async Task<JsonElement> Find(byte[] key, string query)
    {
        using HttpResponseMessage answer = await corda.Client.GetAsync(Dead(query));
        return (await answer.Json(HttpStatusCode.OK)).GetProperty("deadLetters").EnumerateArray()
            .FirstOrDefault(letter => letter.Text("flowId") == Convert.ToHexStringLower(key));
    }

    private static Uri Dead(string query) => new($"/api/v1/cluster/dead-letters{query}", UriKind.Relative);
}
