using System.Diagnostics;

namespace Corda.Benchmarks.Kafka;

/// <summary>
/// The memory of workers on Kafka: processes, each in a control group of 512 MB, from which .NET takes the limit of its heap itself; with copies and warm follower, as a flow
/// worker has them. In one phase there are two of them: the second follows what the first owns, and takes it over when that one is killed.
/// </summary>
internal sealed class MemoryOnKafka(string folder, BenchBroker broker)
{
    private const string First = "a";
    private const string Second = "b";

    /// <summary>Runs all phases.</summary>
    /// <exception cref="InvalidOperationException">This machine lets nobody limit a process.</exception>
    public async Task RunAsync()
    {
        await broker.ClearAsync();
        Phase(MemoryPhase.Fill);
        Phase(MemoryPhase.Wake);
        Phase(MemoryPhase.Die);
        Phase(MemoryPhase.Wake);
        TakeOver();
        Directory.Delete(MemoryPhase.CopiesIn(FolderOf(First)), recursive: true);
        Phase(MemoryPhase.Wake);
    }

    private void Phase(string phase)
    {
        using ControlGroup group = ControlGroup.OfMemory(MemoryMeasurements.WorkerBytes);
        using Process child = Start(phase, First, group);
        while (child.StandardOutput.ReadLine() is { } line) Console.WriteLine(line);
        End(phase, child);
    }

    private void TakeOver()
    {
        using ControlGroup groupOfFirst = ControlGroup.OfMemory(MemoryMeasurements.WorkerBytes);
        using ControlGroup groupOfSecond = ControlGroup.OfMemory(MemoryMeasurements.WorkerBytes);
        using Process first = Start(MemoryPhase.Serve, First, groupOfFirst);
        UntilStanding(first);
        using Process second = Start(MemoryPhase.TakeOver, Second, groupOfSecond);
        UntilStanding(second);
        Console.WriteLine(
            $"{MemoryPhase.Serve}: killed (SIGKILL), {File.ReadLines($"/proc/{first.Id}/status").First(static line => line.StartsWith("VmHWM", StringComparison.Ordinal))}");
        first.Kill();
        first.WaitForExit();
        second.StandardInput.WriteLine();
        while (second.StandardOutput.ReadLine() is { } line) Console.WriteLine(line);
        End(MemoryPhase.TakeOver, second);
    }

    private static void UntilStanding(Process process)
    {
        while (process.StandardOutput.ReadLine() is { } line && line != MemoryPhase.Standing) Console.WriteLine(line);
    }

    // A process that the kernel ends for its memory must not pass for one that ended.
    private static void End(string phase, Process child)
    {
        child.WaitForExit();
        if (child.ExitCode == 0 || phase == MemoryPhase.Die) return;
        throw new InvalidOperationException($"{phase} ended with {child.ExitCode} (137: killed; did it want more memory than it may have?)");
    }

    private string FolderOf(string worker) => Path.Combine(folder, worker);

    // In its group from its first instruction: the runtime looks at its limits once.
    private Process Start(string phase, string worker, ControlGroup group) => Process.Start(new ProcessStartInfo("sh",
    [
        "-c", "echo $$ >\"$0\" && exec dotnet \"$@\"", group.ProcessesFile,
        typeof(MemoryOnKafka).Assembly.Location, MemoryPhase.Argument, phase, FolderOf(worker), $"{MemoryMeasurements.States}", broker.Bootstrap,
    ])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
}
