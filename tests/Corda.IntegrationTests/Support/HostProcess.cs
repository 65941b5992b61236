using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Corda.IntegrationTests.Support;

/// <summary>The real host as a process of its own, on a port and a data folder that outlive it: kill it, start it again, and it goes on.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly StringBuilder output = new();
    private Process? process;

    public HostProcess(string dataFolder, params string[] arguments)
    {
        DataFolder = dataFolder;
        Arguments = arguments;
        Url = new Uri($"http://127.0.0.1:{FreePort()}");
        Client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(100) };
    }

    public string DataFolder { get; }

    public IReadOnlyList<string> Arguments { get; }

    /// <summary>What is run: the real host, or one that wraps it.</summary>
    public string Assembly { get; init; } = HostAssembly();

    /// <summary>Further environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public Uri Url { get; }

    public HttpClient Client { get; }

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    public bool HasExited => process is null or { HasExited: true };

    public int ExitCode => process!.ExitCode;

    public int ProcessId => process!.Id;

    /// <summary>Its resident memory.</summary>
    public long ResidentBytes
    {
        get
        {
            process!.Refresh();
            return process.WorkingSet64;
        }
    }

    public void Start()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(Assembly);
        start.ArgumentList.Add($"--urls={Url}");
        start.ArgumentList.Add($"--Corda:DataFolder={DataFolder}");
        foreach (string argument in Arguments) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        foreach ((string name, string value) in Environment) start.Environment[name] = value;
        process?.Dispose();
        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts and waits until <c>/health/ready</c> answers 200.</summary>
    public async Task StartReadyAsync()
    {
        Start();
        await WaitReadyAsync();
    }

    public Task WaitReadyAsync() =>
        Eventually.True(IsReadyAsync, () => $"the host did not become ready; exited: {HasExited}; it said:\n{Output}");

    /// <summary>SIGKILL: no handler, no flush, no goodbye.</summary>
    public void Kill()
    {
        process!.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    /// <summary>SIGTERM: drain and exit.</summary>
    public async Task TerminateAsync()
    {
        Signal("TERM");
        await process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>As <see cref="TerminateAsync"/>.</summary>
    /// <returns>What its readiness said meanwhile, again and again; a refused connection is no.</returns>
    public async Task<IReadOnlyList<bool>> TerminateWatchedAsync()
    {
        Task ended = TerminateAsync();
        var answers = new List<bool>();
        while (!ended.IsCompleted) answers.Add(await SaysReadyAsync());
        await ended;
        return answers;
    }

    /// <summary>SIGSTOP: stands still with all its connections open, until <see cref="Resume"/>.</summary>
    public void Pause() => Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signal("CONT");

    public Task WaitForExitAsync() => process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));

    public void Dispose()
    {
        Client.Dispose();
        if (!HasExited) Kill();
        process?.Dispose();
    }

    /// <summary>The folder of the solution.</summary>
    public static string RepositoryRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Corda.sln"))) root = root.Parent!;
        return root.FullName;
    }

    private static string HostAssembly()
    {
        // bin/<configuration>/<framework> of this test names the same of the host.
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(RepositoryRoot(), "Corda.Host", "bin", here.Parent!.Name, here.Name, "Corda.Host.dll");
    }

    private void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{process!.Id}"]);
        kill.WaitForExit();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> IsReadyAsync()
    {
        if (HasExited) throw new InvalidOperationException($"The host exited with {ExitCode}; it said:\n{Output}");
        return await SaysReadyAsync();
    }

    private async Task<bool> SaysReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (output) output.AppendLine(line);
    }
}
