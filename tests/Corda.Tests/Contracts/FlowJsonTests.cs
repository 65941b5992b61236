using System.Text.Json;
using Corda.Workers.Contracts;

namespace Corda.Tests.Contracts;

public sealed class FlowJsonTests
{
    private sealed record Order(string Item, int Count, string? Note = null);

    [Theory]
    [InlineData("""{"item":"pen"}""", "count")]
    [InlineData("""{"item":null,"count":1}""", "item")]
    [InlineData("""{"item":"pen","count":"1"}""", "count")]
    [InlineData("""{"item":"pen","count":1,"count":2}""", "count")]
    public void What_the_type_demands_is_demanded_of_the_json(string json, string culprit)
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Order>(json, FlowJson.Options));
        Assert.Contains(culprit, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Unknown_properties_are_skipped_inside_and_refused_from_a_client()
    {
        const string json = """{"item":"pen","count":1,"colour":"red"}""";
        Assert.Equal(new Order("pen", 1), JsonSerializer.Deserialize<Order>(json, FlowJson.Options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Order>(json, FlowJson.Strict));
    }

    [Fact]
    public void Written_names_are_camel_case() =>
        Assert.Equal("""{"item":"pen","count":1,"note":null}""", JsonSerializer.Serialize(new Order("pen", 1), FlowJson.Options));
}
