using System.Text.RegularExpressions;
using Corda.Tests.Support;

namespace Corda.Tests.Architecture;

/// <summary>Every guarantee in the documents names tests; a promise whose test is gone is no promise.</summary>
public sealed partial class GuaranteesTests
{
    [Fact]
    public void Every_test_that_the_guarantees_name_exists()
    {
        string root = Repository.Root;
        string[] named = [.. TestName().Matches(File.ReadAllText(Path.Combine(root, "docs", "guarantees.md"))).Select(match => match.Groups["test"].Value).Distinct()];
        string tests = string.Concat(Directory.EnumerateFiles(Path.Combine(root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

        Assert.True(named.Length > 20, $"only {named.Length} tests are named");
        string[] gone = [.. named.Where(name => !tests.Contains($" {name}(", StringComparison.Ordinal))];
        Assert.True(gone.Length == 0, $"docs/guarantees.md names tests that are not there: {string.Join(", ", gone)}");
    }

    [GeneratedRegex("`(?<test>[A-Z][a-z0-9]*_[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TestName();
}
