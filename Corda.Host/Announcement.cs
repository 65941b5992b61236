using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Corda.Host.OpenApi;
using Corda.Workers;
using Corda.Workers.Contracts;
using Corda.Workers.Rpc;

namespace Corda.Host;

/// <summary>Tells whoever started the process, once it is ready, what runs here and how to use it.</summary>
internal sealed class Announcement(IServiceProvider services, WorkerHealth health, CordaOptions options, IHostApplicationLifetime lifetime, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    // For a terminal, not for a page: quotes and angle brackets stay readable.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration onStart = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        using var look = new PeriodicTimer(LookInterval, time);
        while (health.Report().Missing.Count > 0) await look.WaitForNextTickAsync(stoppingToken);
        await Console.Out.WriteLineAsync(string.Join(Environment.NewLine, Lines()));
    }

    private IEnumerable<string> Lines()
    {
        string url = services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features
            .Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "";
        yield return "";
        yield return "Corda is ready.";
        yield return $"  roles          {string.Join(", ", CordaOptionsReader.Roles(options)).ToLowerInvariant()}";
        yield return options.Bus.Type == BusType.InMemory
            ? "  data           in memory: gone when this process ends"
            : $"  data folder    {Path.GetFullPath(options.DataFolder)}";
        if (services.GetService<VirtualNodeView>() is not { } nodes) yield break;

        foreach (VirtualNodeInfo node in nodes.All) yield return $"  virtual node   {node.Identity.ShortHash}  {node.Identity.X500Name}";
        if (nodes.All.Count == 0) yield return "  virtual node   none: list their X.500 names in Corda:Network:VirtualNodes";
        yield return $"  Swagger UI     {url}/swagger";
        if (Curl(url, nodes) is { } curl)
        {
            yield return "";
            yield return "Start a flow:";
            yield return curl;
        }
    }

    private string? Curl(string url, VirtualNodeView nodes)
    {
        if (nodes.All is not [var node, ..]) return null;
        if (services.GetRequiredService<StartableFlows>().Of(node) is not [var flow, ..]) return null;

        JsonObject start = FlowExamples.Start(flow, nodes.All);
        return $"  curl -s {url}/api/v1/flow/{node.Identity.ShortHash} -H 'Content-Type: application/json' -H 'Prefer: wait=30' -d '{start.ToJsonString(Readable)}'";
    }
}
