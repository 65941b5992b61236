using System.Diagnostics;
using System.Globalization;

namespace Corda.Benchmarks;

/// <summary>
/// A million parked states of 1 kB in a worker of 512 MB, bus included, and what a restart reads. Each phase is a process of its own, with the limit of its heap that
/// .NET sets by itself in a container of that size. What it prints of its memory is the peak of its resident set.
/// </summary>
internal static class MemoryMeasurements
{
    /// <summary>What a worker may have.</summary>
    public const long WorkerBytes = 512L * 1024 * 1024;

    /// <summary>How many are parked; <c>CORDA_BENCH_STATES</c> says otherwise.</summary>
    public static int States => int.Parse(Environment.GetEnvironmentVariable("CORDA_BENCH_STATES") ?? "1000000", CultureInfo.InvariantCulture);

    /// <summary>Runs all phases, each in a child process.</summary>
    public static void Run(string folder)
    {
        Phase(MemoryPhase.Fill, folder);
        Phase(MemoryPhase.Wake, folder);
        Phase(MemoryPhase.Die, folder);
        Phase(MemoryPhase.Wake, folder);
        Directory.Delete(MemoryPhase.CopiesIn(folder), recursive: true);
        Phase(MemoryPhase.Wake, folder);
    }

    private static void Phase(string phase, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(MemoryMeasurements).Assembly.Location, MemoryPhase.Argument, phase, folder, $"{States}"]);
        start.Environment["DOTNET_GCHeapHardLimit"] = $"{WorkerBytes * 3 / 4:X}";
        using Process child = Process.Start(start)!;
        child.WaitForExit();
    }
}
