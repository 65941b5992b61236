namespace Corda.Samples;

/// <summary>
/// Asks many counterparties at once and collects the answers. One that cannot be reached or fails is reported, and does not disturb the
/// others; those that answered then learn how many they were.
/// </summary>
/// <param name="messaging">Opens the sessions.</param>
[InitiatingFlow("broadcast")]
public sealed class Broadcast(IFlowMessaging messaging) : ClientStartableFlow<BroadcastRequest, BroadcastResult>
{
    /// <inheritdoc/>
    public override async FlowTask<BroadcastResult> Call(BroadcastRequest request)
    {
        var options = new FlowSessionOptions { Timeout = TimeSpan.FromMilliseconds(request.TimeoutMs) };

        // Every call of Ask runs to its first suspension; from then on all of them wait at once.
        FlowTask<Heard>[] asking = [.. request.Counterparties.Distinct().Select(to => Ask(to, request.Message, options))];
        Heard[] heard = await FlowTask.WhenAll(asking);

        FlowSession[] answered = [.. heard.Select(h => h.Session).OfType<FlowSession>()];
        int confirmed = await TellTally(answered);
        return new BroadcastResult([.. heard.Select(h => h.Answer)], confirmed);
    }

    private async FlowTask<Heard> Ask(MemberX500Name counterparty, string message, FlowSessionOptions options)
    {
        try
        {
            FlowSession session = messaging.InitiateFlow(counterparty, options);
            string answer = await session.SendAndReceive<string>(message);
            return new Heard(new BroadcastAnswer(counterparty, answer), session);
        }
        catch (FlowException error)
        {
            return new Heard(new BroadcastAnswer(counterparty, Error: error.Message), Session: null);
        }
    }

    private async FlowTask<int> TellTally(FlowSession[] sessions)
    {
        try
        {
            await messaging.SendAll(sessions.Length, sessions);
            bool[] confirmations = await messaging.ReceiveAll<bool>(sessions);
            return confirmations.Count(yes => yes);
        }
        catch (FlowSessionException)
        {
            // The answers are in; nobody's trouble after that changes them.
            return 0;
        }
    }

    private sealed record Heard(BroadcastAnswer Answer, FlowSession? Session);
}

/// <summary>The other side of <see cref="Broadcast"/>. The message <c>fail</c> shows what the initiator sees when this side fails.</summary>
/// <param name="members">Tells who answers.</param>
[InitiatedBy("broadcast")]
public sealed class BroadcastResponder(IMemberLookup members) : ResponderFlow
{
    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        string message = await session.Receive<string>();
        if (message == "fail") throw new FlowException("failed as asked");

        int tally = await session.SendAndReceive<int>($"{members.MyInfo().Name.Organization} heard: {message}");
        await session.Send(tally > 0);
    }
}

/// <summary>What to tell whom.</summary>
/// <param name="Counterparties">To whom; each is asked once.</param>
/// <param name="Message">What.</param>
/// <param name="TimeoutMs">How long to wait for each answer, in milliseconds.</param>
public sealed record BroadcastRequest(IReadOnlyList<MemberX500Name> Counterparties, string Message = "hello", int TimeoutMs = 10_000);

/// <summary>What came back.</summary>
/// <param name="Answers">One for each counterparty, in the order of the request.</param>
/// <param name="Confirmed">How many of those that answered have confirmed the tally.</param>
public sealed record BroadcastResult(IReadOnlyList<BroadcastAnswer> Answers, int Confirmed);

/// <summary>What one counterparty said.</summary>
/// <param name="Counterparty">Who.</param>
/// <param name="Answer">Its answer, or null.</param>
/// <param name="Error">Why there is none, or null.</param>
public sealed record BroadcastAnswer(MemberX500Name Counterparty, string? Answer = null, string? Error = null);
