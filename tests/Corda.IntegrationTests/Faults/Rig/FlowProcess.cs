using Corda.FaultHost;
using Corda.IntegrationTests.Faults.Proxy;
using Corda.IntegrationTests.Support;
using Corda.Tests.Cluster;

namespace Corda.IntegrationTests.Faults.Rig;

/// <summary>A flow worker: a process with a network of its own, in which a crash point can be armed.</summary>
internal sealed class FlowProcess(string name, HostProcess host, ChaosProxy? proxy, Gate? gate, string crashFile) : IDisposable
{
    private const string Introduction = "This worker is ";

    public string Name => name;

    public HostProcess Host => host;

    /// <summary>What the cluster knows this life of it by, as it says itself.</summary>
    public string WorkerId => host.Output.Split(Introduction)[^1].Split('@')[0];

    /// <summary>Between this worker and the broker; null with three brokers.</summary>
    public ChaosProxy? Proxy => proxy;

    /// <summary>Between this worker and those who watch it, if the cluster has gates.</summary>
    public Gate? Gate => gate;

    /// <summary>The next time it comes by this point it dies.</summary>
    public void Arm(CrashPoint point)
    {
        // Whole or not at all: the worker may look at any moment.
        string draft = crashFile + ".draft";
        File.WriteAllText(draft, point.ToString());
        File.Move(draft, crashFile, overwrite: true);
    }

    public void Disarm() => File.Delete(crashFile);

    public void Dispose()
    {
        host.Dispose();
        gate?.DisposeAsync().AsTask().Wait();
    }
}
