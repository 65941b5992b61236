namespace Corda.FaultFlows;

/// <summary>What to move.</summary>
/// <param name="Counterparties">Between whom and the starter the coins go.</param>
/// <param name="Coins">All there are.</param>
/// <param name="Rounds">How many payments.</param>
/// <param name="SleepMs">Between two payments.</param>
public sealed record TransferRequest(MemberX500Name[] Counterparties, int Coins, int Rounds, int SleepMs);

/// <summary>Where the coins are in the end.</summary>
/// <param name="Kept">With the starter.</param>
/// <param name="Purses">With each counterparty, by its own account.</param>
public sealed record TransferResult(int Kept, int[] Purses);

/// <summary>Coins that go between virtual nodes, each node counting its own: however often anybody crashes, none appears and none goes away.</summary>
[InitiatingFlow("fault-transfer")]
public sealed class Transfer(IFlowEngine engine, IFlowMessaging messaging) : ClientStartableFlow<TransferRequest, TransferResult>
{
    /// <inheritdoc/>
    public override async FlowTask<TransferResult> Call(TransferRequest request)
    {
        FlowSession[] sessions = [.. request.Counterparties.Select(peer => messaging.InitiateFlow(peer))];
        int kept = request.Coins;
        for (int round = 0; round < request.Rounds; round++)
        {
            // Pays a third, and gets back half of what that counterparty then holds.
            int paid = kept / 3;
            kept -= paid;
            kept += await sessions[round % sessions.Length].SendAndReceive<int>(paid);
            if (request.SleepMs > 0) await engine.Sleep(TimeSpan.FromMilliseconds(request.SleepMs));
        }

        FlowTask<int>[] closing = [.. sessions.Select(session => session.SendAndReceive<int>(-1))];
        return new TransferResult(kept, await FlowTask.WhenAll(closing));
    }
}

/// <summary>The other side of <see cref="Transfer"/>: its purse is its own local variable.</summary>
[InitiatedBy("fault-transfer")]
public sealed class TransferResponder : ResponderFlow
{
    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        int purse = 0;
        int paid = await session.Receive<int>();
        while (paid >= 0)
        {
            purse += paid;
            int back = purse / 2;
            purse -= back;
            await session.Send(back);
            paid = await session.Receive<int>();
        }

        await session.Send(purse);
    }
}
