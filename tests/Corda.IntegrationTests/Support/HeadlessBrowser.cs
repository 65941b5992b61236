using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Corda.IntegrationTests.Support;

/// <summary>A headless Chromium with one page, told what to do over the DevTools protocol.</summary>
internal sealed class HeadlessBrowser : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo profile = Directory.CreateTempSubdirectory("corda-browser-");
    private readonly ClientWebSocket page = new();
    private readonly Process process;
    private int commands;

    private HeadlessBrowser(string program)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo(program)
            {
                // Port 0: one that is free; it tells which. No sandbox: in containers there is none, and the page is our own.
                ArgumentList =
                {
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-port=0", $"--user-data-dir={profile.FullName}",
                    "about:blank",
                },
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };
    }

    /// <summary>The browser of this machine, or null.</summary>
    public static string? Installed { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    public static async Task<HeadlessBrowser> StartAsync()
    {
        var browser = new HeadlessBrowser(Installed ?? throw new InvalidOperationException(
            $"no browser is on the PATH ({string.Join(", ", Names)}); on Debian: apt-get install chromium-headless-shell"));
        try
        {
            browser.process.Start();
            browser.process.OutputDataReceived += (_, _) => { };
            browser.process.BeginOutputReadLine();
            await browser.page.ConnectAsync(await browser.PageAsync(), CancellationToken.None).WaitAsync(AnswerTimeout);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    public Task GoToAsync(Uri address) => CommandAsync("Page.navigate", new JsonObject { ["url"] = address.ToString() });

    /// <summary>The value of an expression in the page.</summary>
    /// <exception cref="InvalidOperationException">It threw.</exception>
    public async Task<JsonNode?> EvaluateAsync(string script)
    {
        JsonNode answer = await CommandAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = script, ["returnByValue"] = true, ["awaitPromise"] = true, ["userGesture"] = true });
        return answer["exceptionDetails"] is { } thrown
            ? throw new InvalidOperationException($"'{script}' failed in the page: {thrown.ToJsonString()}")
            : answer["result"]!["value"];
    }

    /// <summary>Waits until an expression is true in the page.</summary>
    public async Task WaitForAsync(string condition, string what)
    {
        string text = "";
        await Eventually.True(
            async () =>
            {
                text = (string?)await EvaluateAsync("document.body ? document.body.innerText : ''") ?? "";
                return (bool?)await EvaluateAsync($"Boolean({condition})") == true;
            },
            () => $"{what} did not appear; the page says:\n{text}");
    }

    public async ValueTask DisposeAsync()
    {
        page.Dispose();
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        profile.Delete(recursive: true);
    }

    /// <summary>The browser writes its address to its error output; that address lists its pages.</summary>
    private async Task<Uri> PageAsync()
    {
        const string beginning = "DevTools listening on ";
        var said = new StringBuilder();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) address.TrySetException(new InvalidOperationException($"the browser ended at once; it said:\n{said}"));
            else if (line.Data.StartsWith(beginning, StringComparison.Ordinal)) address.TrySetResult(new Uri(line.Data[beginning.Length..]));
            else said.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
        using var client = new HttpClient();
        var list = new Uri($"http://{(await address.Task.WaitAsync(AnswerTimeout)).Authority}/json/list");
        JsonArray pages = (await client.GetFromJsonAsync<JsonArray>(list))!;
        return new Uri((string)pages.First(target => (string?)target!["type"] == "page")!["webSocketDebuggerUrl"]!);
    }

    private async Task<JsonNode> CommandAsync(string method, JsonObject parameters)
    {
        int id = ++commands;
        byte[] command = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters });
        using var limit = new CancellationTokenSource(AnswerTimeout);
        await page.SendAsync(command, WebSocketMessageType.Text, endOfMessage: true, limit.Token);
        while (true)
        {
            JsonNode message = await ReceiveAsync(limit.Token);
            if ((int?)message["id"] != id) continue;
            return message["result"] ?? throw new InvalidOperationException($"{method} was refused: {message.ToJsonString()}");
        }
    }

    private async Task<JsonNode> ReceiveAsync(CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await page.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            whole.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(whole.ToArray())!;
    }
}

/// <summary>A test that needs a browser. Skipped without one, but not where everything must be tested.</summary>
internal sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (HeadlessBrowser.Installed is null && Environment.GetEnvironmentVariable("CI") is not "true") Skip = "there is no Chromium on the PATH";
    }
}
