using System.Text.RegularExpressions;
using Corda.Tests.Support;

namespace Corda.Tests.Architecture;

/// <summary>The house is tidy.</summary>
public sealed partial class Tidy
{
    private const int FileLinesMax = 400;
    private const int LineLengthMax = 180;
    private const int TestLineLengthMax = 220;

    private static readonly string[] Sources = [.. Repository.Files(".cs")];
    private static readonly string[] Texts = [.. Repository.Files(".cs", ".md", ".csproj", ".props", ".json", ".txt", ".yml", ".sql", ".sh", "")];

    // Put together here, so that this file does not contain what it looks for.
    private static readonly string[] Leftovers = ["TO" + "DO", "FIX" + "ME", "HA" + "CK:", "X" + "XX", "#reg" + "ion", "<<<" + "<<<<"];
    private static readonly string[] Foreign = ["/wo" + "rk/", "/ho" + "me/", "cla" + "ude", "anthro" + "pic", "chat" + "gpt", "open" + "ai", "co" + "pilot", "co" + "dex"];

    [Fact]
    public void Files_are_short() => Expect.None(Sources.Select(f => (File: f, Lines: Repository.Read(f).Split('\n').Length))
        .Where(f => f.Lines > FileLinesMax + 1).Select(f => $"{f.File} has {f.Lines} lines; split it"));

    [Fact]
    public void Lines_fit_the_screen() => Expect.None(Each(Sources, (file, line) => line.Length > (IsTest(file) ? TestLineLengthMax : LineLengthMax)));

    [Fact]
    public void Nothing_is_left_over() => Expect.None(Each(Texts, (_, line) => Leftovers.Any(left => line.Contains(left, StringComparison.Ordinal))));

    [Fact]
    public void No_tabs_and_no_carriage_returns() =>
        Expect.None(Each(Texts, (_, line) => line.Contains('\t', StringComparison.Ordinal) || line.EndsWith('\r')));

    [Fact]
    public void Nothing_tells_of_the_machine_or_tools_it_was_written_with() =>
        Expect.None(Each(Texts, (_, line) => Foreign.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase))));

    [Fact]
    public void Links_in_documents_lead_somewhere() => Expect.None(Repository.Files(".md").SelectMany(DeadLinks));

    [Fact]
    public void A_dead_link_is_found()
    {
        Assert.Equal(["nowhere.md"], LinksIn("see [here](nowhere.md#part), [there](https://example.com) and [below](#below)"));
        Assert.False(Exists("docs/any.md", "nowhere.md"));
        Assert.True(Exists("docs/any.md", "../Corda.sln"));
    }

    private static bool IsTest(string file) => file.StartsWith("tests", StringComparison.Ordinal);

    private static IEnumerable<string> Each(IEnumerable<string> files, Func<string, string, bool> isBad) => files.SelectMany(file =>
        Repository.Read(file).Split('\n').Select((line, i) => (line, Number: i + 1)).Where(l => isBad(file, l.line)).Select(l => $"{file}:{l.Number}: {l.line.Trim()}"));

    private static IEnumerable<string> DeadLinks(string file) =>
        LinksIn(Repository.Read(file)).Where(link => !Exists(file, link)).Select(link => $"{file} links to {link}, which is not there");

    private static IEnumerable<string> LinksIn(string markdown) => Link().Matches(markdown).Select(m => m.Groups["target"].Value.Split('#')[0])
        .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal));

    private static bool Exists(string file, string link) => Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, link));

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}
