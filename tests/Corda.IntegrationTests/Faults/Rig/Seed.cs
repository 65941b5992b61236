using System.Globalization;
using Xunit.Abstractions;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>What decides a run.</summary>
internal static class Seed
{
    /// <summary>Of <c>CORDA_TEST_SEED</c>, or by the clock; said either way.</summary>
    public static int Of(ITestOutputHelper output)
    {
        int seed = Environment.GetEnvironmentVariable("CORDA_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"seed {seed} (set CORDA_TEST_SEED to repeat)");
        return seed;
    }
}
