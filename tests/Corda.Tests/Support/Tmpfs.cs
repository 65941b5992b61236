using System.Diagnostics;

namespace Corda.Tests.Support;

/// <summary>A small disk of its own, which can be full or read-only. Only where this process may mount.</summary>
internal sealed class Tmpfs : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("corda-tmpfs-");

    public Tmpfs(int megabytes) => Require("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Path);

    /// <summary>Whether this process may mount.</summary>
    public static bool IsPossible { get; } = Try();

    /// <summary>Where it is.</summary>
    public string Path => folder.FullName;

    /// <summary>From now on nothing can be written. No file may be open for writing.</summary>
    public void MakeReadOnly() => Require("mount", "-o", "remount,ro", Path);

    public void Dispose()
    {
        Run("umount", "-l", Path);
        folder.Delete();
    }

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return false;
        }

        DirectoryInfo probe = Directory.CreateTempSubdirectory("corda-tmpfs-");
        bool mounted = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe.FullName);
        if (mounted)
        {
            Run("umount", probe.FullName);
        }

        probe.Delete();
        return mounted;
    }

    private static void Require(string command, params string[] arguments)
    {
        if (!Run(command, arguments))
        {
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} failed");
        }
    }

    private static bool Run(string command, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs <see cref="Tmpfs"/>.</summary>
internal sealed class TmpfsFactAttribute : FactAttribute
{
    public TmpfsFactAttribute()
    {
        if (!Tmpfs.IsPossible)
        {
            Skip = "this process may not mount a file system";
        }
    }
}
