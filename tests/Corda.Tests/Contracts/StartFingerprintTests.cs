using System.Text.Json;
using Corda.Workers.Contracts;

namespace Corda.Tests.Contracts;

public sealed class StartFingerprintTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[{"x":"é","y":null}]}""", """ { "b" : [ { "y" : null, "x" : "\u00e9" } ], "a" : 1 } """)]
    [InlineData("true", " true ")]
    [InlineData("""["a"]""", """["\u0061"]""")]
    public void White_space_property_order_and_escapes_make_no_difference(string one, string other) =>
        Assert.Equal(StartFingerprint.Of("A", one), StartFingerprint.Of("A", other));

    [Theory]
    [InlineData("A", """{"a":1}""", "A", """{"a":2}""")]
    [InlineData("A", """{"a":1}""", "B", """{"a":1}""")]
    [InlineData("A", """{"a":1}""", "A", """{"a":"1"}""")]
    [InlineData("A", """{"a":1}""", "A", """{"a":1.0}""")]
    [InlineData("A", "[1,2]", "A", "[2,1]")]
    [InlineData("A", "[[1],2]", "A", "[[1,2]]")]
    [InlineData("A", """{"a":{"b":1}}""", "A", """{"a":{},"b":1}""")]
    public void Another_class_or_another_value_makes_another_fingerprint(string oneClass, string one, string otherClass, string other) =>
        Assert.NotEqual(StartFingerprint.Of(oneClass, one), StartFingerprint.Of(otherClass, other));

    [Theory]
    [InlineData("""["\ud800"]""")]
    [InlineData("""{"\udc00":1}""")]
    public void Text_that_is_no_unicode_has_no_fingerprint(string body) =>
        Assert.ThrowsAny<JsonException>(() => StartFingerprint.Of("A", body));

    [Fact]
    public void A_property_that_stands_twice_is_refused() =>
        Assert.ThrowsAny<JsonException>(() => StartFingerprint.Of("A", """{"a":1,"a":2}"""));

    [Fact]
    public void The_fingerprint_never_changes_between_releases() =>
        Assert.Equal("eccba981", StartFingerprint.Of("Corda.Samples.PingPong", """{"rounds":3,"counterparty":"O=Bob, L=Rome, C=IT"}""")[..8]);
}
