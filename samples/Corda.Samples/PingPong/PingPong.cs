namespace Corda.Samples;

/// <summary>Plays ping-pong with a counterparty: the smallest conversation there is.</summary>
/// <param name="messaging">Opens the session.</param>
[InitiatingFlow("ping-pong")]
public sealed class PingPong(IFlowMessaging messaging) : ClientStartableFlow<PingPongRequest, PingPongResult>
{
    /// <inheritdoc/>
    public override async FlowTask<PingPongResult> Call(PingPongRequest request)
    {
        if (request.Rounds < 1) throw new FlowException($"rounds must be 1 or more, and is {request.Rounds}.");

        FlowSession session = messaging.InitiateFlow(request.Counterparty);
        await session.Send(request.Rounds);
        var pongs = 0;
        for (int round = 1; round <= request.Rounds; round++)
        {
            // Here the flow is saved and gone from memory until the answer comes, in a microsecond or in a month.
            Ball pong = await session.SendAndReceive<Ball>(new Ball(round));
            if (pong.Round == round) pongs++;
        }

        await session.Close();
        return new PingPongResult(pongs, session.Counterparty);
    }
}

/// <summary>The other side of <see cref="PingPong"/>: sends every ball back.</summary>
[InitiatedBy("ping-pong")]
public sealed class PingPongResponder : ResponderFlow
{
    /// <inheritdoc/>
    public override async FlowTask Call(FlowSession session)
    {
        int rounds = await session.Receive<int>();
        for (int round = 1; round <= rounds; round++)
        {
            Ball ping = await session.Receive<Ball>();
            await session.Send(ping);
        }
    }
}

/// <summary>What to play.</summary>
/// <param name="Counterparty">With whom, such as <c>O=Bob, L=Berlin, C=DE</c>.</param>
/// <param name="Rounds">How many times the ball goes there and back, 1 or more.</param>
public sealed record PingPongRequest(MemberX500Name Counterparty, int Rounds = 3);

/// <summary>How it went.</summary>
/// <param name="Rounds">How often the right ball came back.</param>
/// <param name="Counterparty">Who played.</param>
public sealed record PingPongResult(int Rounds, MemberX500Name Counterparty);

/// <summary>What flies over the net.</summary>
/// <param name="Round">The round it belongs to.</param>
public sealed record Ball(int Round);
