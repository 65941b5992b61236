using System.Globalization;
using Corda.Workers.Messaging.Bus;

namespace Corda.FaultHost;

/// <summary>What is wrong with this process, as the test that started it has said.</summary>
/// <param name="Mutant">How its engine is bad.</param>
/// <param name="CrashFile">The file that arms a crash point; null for none.</param>
/// <param name="Trouble">The share of commits that fail without anybody's fault, 0 to 1.</param>
/// <param name="Seed">Of that trouble.</param>
internal sealed record FaultSettings(Mutant Mutant, string? CrashFile, double Trouble, int Seed)
{
    public const string MutantVariable = "CORDA_FAULT_MUTANT";
    public const string CrashFileVariable = "CORDA_FAULT_CRASH_FILE";
    public const string TroubleVariable = "CORDA_FAULT_TROUBLE";
    public const string SeedVariable = "CORDA_TEST_SEED";

    public static FaultSettings FromEnvironment() => new(
        Enum.Parse<Mutant>(Of(MutantVariable) ?? nameof(Mutant.None)),
        Of(CrashFileVariable),
        double.Parse(Of(TroubleVariable) ?? "0", CultureInfo.InvariantCulture),
        int.Parse(Of(SeedVariable) ?? "0", CultureInfo.InvariantCulture));

    /// <summary>The engine sees the mutant, the mutant meets the trouble, and the real bus is below.</summary>
    public IMessageBus Wrap(IMessageBus bus)
    {
        if (CrashFile is not null) bus = new CrashingBus(bus, CrashFile);
        if (Trouble > 0) bus = new TroubledBus(bus, Trouble, Seed);
        return Mutants.Of(Mutant, bus);
    }

    private static string? Of(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? text : null;
}
