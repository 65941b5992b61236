using System.Globalization;

namespace Corda.FaultFlows;

/// <summary>
/// Where flow code notes, behind the platform's back, that it really ran: one file per process, nothing but appended, nothing unique. What stands here has happened;
/// whether it was kept is another question, and the difference is what the oracle judges.
/// </summary>
public static class Ledger
{
    /// <summary>The environment variable that names the folder; without it nothing is noted.</summary>
    public const string FolderVariable = "CORDA_FAULT_LEDGER";

    private static readonly Lock Gate = new();

    // One for each process, and for each time that the package is loaded in one.
    private static readonly string Run = $"{Environment.ProcessId}-{Guid.NewGuid():N}";
    private static FileStream? file;
    private static long count;

    /// <summary>Notes one execution of a step, and answers its id: no other execution, anywhere, has the same.</summary>
    public static string Executed(string flow, string step)
    {
        lock (Gate)
        {
            string execution = $"{Run}.{(++count).ToString(CultureInfo.InvariantCulture)}";
            // Unbuffered: what was written is with the kernel, and survives the death of this process.
            file ??= Open();
            file?.Write(System.Text.Encoding.UTF8.GetBytes($"{flow} {step} {execution}\n"));
            return execution;
        }
    }

    private static FileStream? Open() => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder
        ? new FileStream(Path.Combine(folder, Run), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0)
        : null;
}
