namespace Corda.Tests.Support;

/// <summary>Expectations that say all there is to say when they fail.</summary>
internal static class Expect
{
    /// <summary>Nothing was found; otherwise fails with every finding in full.</summary>
    public static void None(IEnumerable<string> findings)
    {
        string[] all = [.. findings];
        Assert.True(all.Length == 0, $"{all.Length} found:\n{string.Join('\n', all)}");
    }
}
