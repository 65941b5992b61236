using System.Diagnostics;

namespace Corda.FaultFlows;

/// <summary>How to misbehave.</summary>
/// <param name="How">throw, kill or grow.</param>
/// <param name="Bytes">For grow: how much the flow then carries.</param>
public sealed record PoisonRequest(string How, int Bytes);

/// <summary>A flow that is bad for its worker: throws what nobody catches, ends the process each time it runs, or becomes too large for a record.</summary>
public sealed class Poison(IFlowEngine engine) : ClientStartableFlow<PoisonRequest, int>
{
    /// <inheritdoc/>
    public override async FlowTask<int> Call(PoisonRequest request)
    {
        await engine.Sleep(TimeSpan.Zero);
        Ledger.Executed(engine.FlowId, request.How);
        switch (request.How)
        {
            case "throw":
                throw new InvalidOperationException("poison");
            case "kill":
                // SIGKILL: no handler, no flush, as if somebody else had done it.
                Process.GetCurrentProcess().Kill();
                throw new UnreachableException("This process is dead.");
            case "grow":
                byte[] burden = new byte[request.Bytes];
                new Random(request.Bytes).NextBytes(burden);
                await engine.Sleep(TimeSpan.FromMilliseconds(10));
                return burden.Length;
            default:
                throw new FlowException($"Poison knows throw, kill and grow, not '{request.How}'.");
        }
    }
}
