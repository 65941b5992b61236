using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Corda.Tests.Api;

[Collection(HostedApiTests.Name)]
public sealed class OpenApiTests(HostedApi api)
{
    private static readonly string[] Flows =
    [
        "Corda.Samples.Broadcast", "Corda.Samples.Countdown", "Corda.Samples.PingPong", "Corda.Samples.Trading.Buy",
        "Test.Echo", "Test.Fail", "Test.One.Twin", "Test.Two.Twin", "Test.Wait",
    ];

    private readonly CordaFixture corda = api.Corda;

    [Fact]
    public async Task The_document_is_valid_and_every_reference_leads_somewhere()
    {
        string text = await Text();
        ReadResult read = OpenApiDocument.Parse(text, "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);

        JsonNode root = JsonNode.Parse(text)!;
        Assert.All(References(root), reference => Assert.NotNull(Follow(root, reference)));
    }

    [Fact]
    public async Task Every_startable_flow_has_an_example_and_schemas_of_what_it_takes_and_answers()
    {
        JsonNode root = JsonNode.Parse(await Text())!;
        JsonNode content = Start(root)["requestBody"]!["content"]!["application/json"]!;
        Assert.Equal(Flows, content["examples"]!.AsObject().Select(example => example.Key));
        foreach (string flow in Flows)
        {
            Assert.NotNull(root["components"]!["schemas"]![flow + ".Request"]);
            Assert.NotNull(root["components"]!["schemas"]![flow + ".Result"]);
        }
    }

    [Fact]
    public async Task Every_example_starts_its_flow()
    {
        JsonNode start = Start(JsonNode.Parse(await Text())!);
        string node = (string)start["parameters"]![0]!["examples"]!["Alice"]!["value"]!;
        foreach ((string flow, JsonNode? example) in start["requestBody"]!["content"]!["application/json"]!["examples"]!.AsObject())
        {
            JsonNode request = example!["value"]!.DeepClone();
            request["clientRequestId"] = "example-" + flow;
            using var content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await corda.Client.PostAsync(new Uri("/api/v1/flow/" + node, UriKind.Relative), content);
            await answer.Json(HttpStatusCode.Accepted);
        }
    }

    [Fact]
    public async Task A_schema_says_what_is_required_what_may_be_null_and_which_values_there_are()
    {
        JsonNode schemas = JsonNode.Parse(await Text())!["components"]!["schemas"]!;
        JsonNode tree = schemas["Test.Two.Twin.Request"]!;
        Assert.Equal(["name", "colour", "price", "owners", "leaves", "planted"], tree["required"]!.AsArray().Select(name => (string)name!));
        JsonNode properties = tree["properties"]!;
        Assert.Equal("string", (string)properties["name"]!["type"]!);
        Assert.Equal(["Red", "Green"], properties["colour"]!["enum"]!.AsArray().Select(value => (string)value!));
        Assert.Contains("null", properties["price"]!["type"]!.AsArray().Select(type => (string)type!));
        Assert.Equal("x500-name", (string)properties["owners"]!["items"]!["format"]!);
        Assert.Equal("integer", (string)properties["leaves"]!["additionalProperties"]!["type"]!);
        Assert.Equal("date-time", (string)properties["planted"]!["format"]!);
        Assert.Equal("#/components/schemas/Test.Two.Twin.Request", (string)properties["children"]!["items"]!["$ref"]!);
        Assert.Equal(3, (int)schemas["Corda.Samples.PingPong.Request"]!["properties"]!["rounds"]!["default"]!);
    }

    [Fact]
    public async Task Problems_and_successes_of_a_start_are_described()
    {
        JsonNode responses = Start(JsonNode.Parse(await Text())!)["responses"]!;
        Assert.Equal(["200", "202", "400", "404", "409", "413", "415", "503"], responses.AsObject().Select(response => response.Key).Order());
    }

    private static JsonNode Start(JsonNode root) => root["paths"]!["/api/v1/flow/{holdingIdentityShortHash}"]!["post"]!;

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member => member.Key == "$ref" ? [(string)member.Value!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private static JsonNode? Follow(JsonNode root, string reference) =>
        reference.Split('/').Skip(1).Aggregate<string, JsonNode?>(root, (node, name) => node?[name]);

    private async Task<string> Text()
    {
        using HttpResponseMessage answer = await corda.Client.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        return (await answer.Json(HttpStatusCode.OK)).GetRawText();
    }
}
