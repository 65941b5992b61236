using System.Text.Json;
using Corda.Flows;
using CsCheck;

namespace Corda.Tests.Sdk;

public sealed class MemberX500NameTests
{
    [Theory]
    [InlineData("O=Alice, L=London, C=GB", "O=Alice, L=London, C=GB")]
    [InlineData("c=gb,l=London,o=Alice", "O=Alice, L=London, C=GB")]
    [InlineData("  ST = Kent ,C=GB, OU=Sales,CN=Desk 1 , O=Alice & Sons Ltd., L=London", "CN=Desk 1, OU=Sales, O=Alice & Sons Ltd., L=London, ST=Kent, C=GB")]
    [InlineData("O=Łódź Bank, L=Łódź, C=PL", "O=Łódź Bank, L=Łódź, C=PL")]
    public void A_name_is_read_in_any_order_and_written_in_one(string text, string canonical) =>
        Assert.Equal(canonical, MemberX500Name.Parse(text).ToString());

    [Fact]
    public void Attributes_are_told_apart()
    {
        MemberX500Name name = MemberX500Name.Parse("CN=a, OU=b, O=c, L=d, ST=e, C=fr");

        Assert.Equal(("a", "b", "c", "d", "e", "FR"), (name.CommonName, name.OrganizationUnit, name.Organization, name.Locality, name.State, name.Country));
        MemberX500Name small = MemberX500Name.Parse("O=c, L=d, C=FR");
        Assert.Equal((null, null, null), (small.CommonName, small.OrganizationUnit, small.State));
    }

    [Theory]
    [InlineData(null, "'' is not KEY=value")]
    [InlineData("", "'' is not KEY=value")]
    [InlineData("Alice", "'Alice' is not KEY=value")]
    [InlineData("O=Alice, L=London", "C missing")]
    [InlineData("CN=x", "O, L, C missing")]
    [InlineData("O=Alice, L=London, C=GB,", "'' is not KEY=value")]
    [InlineData("O=Alice, O=Bob, L=London, C=GB", "O stands there twice")]
    [InlineData("O=Alice, L=London, C=GB, X=1", "the attribute 'X' is not one of CN, OU, O, L, ST, C")]
    [InlineData("O=, L=London, C=GB", "O must have 1 to 128 characters")]
    [InlineData("O=Alice, L=London, C=GBR", "C must be a two-letter country code")]
    [InlineData("O=Alice, L=London, C=1x", "C must be a two-letter country code")]
    [InlineData("O=Alice L=London, C=GB", "O must not contain")]
    [InlineData("O=\"Alice\", L=London, C=GB", "O must not contain")]
    [InlineData("O=A\nlice, L=London, C=GB", "O must not contain")]
    public void What_is_no_name_is_refused_with_the_reason(string? text, string reason)
    {
        Assert.False(MemberX500Name.TryParse(text, out MemberX500Name? name, out string? problem));

        Assert.Null(name);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.Contains("Example: O=Alice, L=London, C=GB", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Parsing_any_text_never_throws_and_what_it_takes_is_stable() =>
        Gen.String[Gen.Char["COLUNST=,+ \"abAB1\n"], 0, 60].Select(Gen.Bool, (s, known) => known ? $"O={s}, L=x, C=GB" : s).Sample(text =>
        {
            if (!MemberX500Name.TryParse(text, out MemberX500Name? name, out _)) return;
            MemberX500Name again = MemberX500Name.Parse(name.ToString());
            Assert.Equal(name.ToString(), again.ToString());
            Assert.True(name == again && name.GetHashCode() == again.GetHashCode());
        });

    [Fact]
    public void In_json_a_name_is_a_string()
    {
        MemberX500Name alice = MemberX500Name.Parse("O=Alice, L=London, C=GB");

        Assert.Equal("\"O=Alice, L=London, C=GB\"", JsonSerializer.Serialize(alice));
        Assert.Equal(alice, JsonSerializer.Deserialize<MemberX500Name>("\"C=GB,L=London,O=Alice\""));
        var byName = new Dictionary<MemberX500Name, int> { [alice] = 1 };
        Assert.Equal(byName, JsonSerializer.Deserialize<Dictionary<MemberX500Name, int>>(JsonSerializer.Serialize(byName)));
        Assert.Null(JsonSerializer.Deserialize<MemberX500Name>("null"));
    }

    [Theory]
    [InlineData("[\"O=Alice\"]", "L, C missing")]
    [InlineData("[{\"o\":\"Alice\"}]", "An X.500 name is a string")]
    public void Json_that_is_no_name_is_refused_with_reason_and_path(string json, string reason)
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<MemberX500Name[]>(json));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal("$[0]", error.Path);
    }
}
