using System.Runtime.CompilerServices;

namespace Corda.Tests.Support;

/// <summary>A text that somebody has looked at and approved, in a file beside the test. Run with CORDA_APPROVE=1 to approve the text of today.</summary>
internal static class Approved
{
    /// <summary>The text approved so far; empty where there is none.</summary>
    public static string Read(string name, [CallerFilePath] string test = "") => File.Exists(PathOf(name, test)) ? File.ReadAllText(PathOf(name, test)) : "";

    /// <summary>Fails with the differing lines unless the text is the approved one.</summary>
    public static void Check(string name, string text, string explanation, [CallerFilePath] string test = "")
    {
        if (Environment.GetEnvironmentVariable("CORDA_APPROVE") == "1") File.WriteAllText(PathOf(name, test), text);

        string[] before = Read(name, test).Split('\n');
        string[] now = text.Split('\n');
        string[] differences = [.. before.Except(now).Select(line => $"- {line}"), .. now.Except(before).Select(line => $"+ {line}")];
        Assert.True(
            before.SequenceEqual(now),
            $"{PathOf(name, test)} says otherwise:\n{string.Join('\n', differences)}\n{explanation}\nTo approve it, run this test once with CORDA_APPROVE=1.");
    }

    private static string PathOf(string name, string test) => Path.Combine(Path.GetDirectoryName(test)!, name);
}
