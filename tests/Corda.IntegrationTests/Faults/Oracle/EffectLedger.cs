namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>Reads what <see cref="Corda.FaultFlows.Ledger"/> of every process has written: each real execution, kept or not.</summary>
internal sealed class EffectLedger
{
    private readonly Dictionary<(string Flow, string Step), HashSet<string>> executions = [];

    private EffectLedger(IEnumerable<string> lines)
    {
        foreach (string[] parts in lines.Select(line => line.Split(' ')).Where(parts => parts.Length == 3))
        {
            if (!executions.TryGetValue((parts[0], parts[1]), out HashSet<string>? of)) executions[(parts[0], parts[1])] = of = [];
            of.Add(parts[2]);
            Count++;
        }
    }

    /// <summary>How many executions there were.</summary>
    public int Count { get; }

    /// <summary>How many were done again: steps that an abort, a crash or a takeover had undone.</summary>
    public int Repeated => Count - executions.Count;

    /// <summary>All executions of a step.</summary>
    public IReadOnlySet<string> Of(string flow, string step) => executions.GetValueOrDefault((flow, step)) ?? [];

    public static EffectLedger Read(string folder) => new(Directory.EnumerateFiles(folder).SelectMany(ReadLines));

    public static EffectLedger Of(IEnumerable<string> lines) => new(lines);

    private static string[] ReadLines(string file)
    {
        // Its writer may be alive.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n');
    }
}
