using System.Text;
using Corda.Workers.Contracts;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>What came of one input: the flow's new state and its outputs. Every assertion says what was expected and what came.</summary>
internal sealed record Reaction(FlowId Flow, Checkpoint? State, IReadOnlyList<Record> Outputs, string? DeadLetter)
{
    public IReadOnlyList<SessionEvent> Messages => [.. Outputs.Select(output => output.Value).OfType<SessionEvent>()];

    public IReadOnlyList<FlowStatus> Statuses => [.. Outputs.Select(output => output.Value).OfType<FlowStatus>()];

    /// <summary>The result, as JSON, of the flow that has completed.</summary>
    public string Result => TheStatus(FlowState.Completed).Result ?? "";

    /// <summary>The flow completes with this result, as JSON.</summary>
    public Reaction Completes(string result)
    {
        FlowStatus status = TheStatus(FlowState.Completed);
        Require(status.Result == result, $"the result {result}");
        Require(status.Error is null, "no error");
        return Ended(FlowState.Completed);
    }

    /// <summary>The flow fails, with this error type, and all these texts in the message.</summary>
    public Reaction Fails(string errorType, params string[] messageParts)
    {
        FlowStatus status = TheStatus(FlowState.Failed);
        Require(status.Error?.Type == errorType, $"an error of type {errorType}");
        foreach (string part in messageParts)
        {
            Require(status.Error!.Message.Contains(part, StringComparison.OrdinalIgnoreCase), $"an error message with '{part}'");
        }

        return Ended(FlowState.Failed);
    }

    /// <summary>The one status published is this.</summary>
    public Reaction Publishes(FlowState state)
    {
        TheStatus(state);
        return this;
    }

    public Reaction PublishesNothing()
    {
        Require(Statuses.Count == 0, "no status");
        return this;
    }

    /// <summary>The flow waits, for these things in this order.</summary>
    public Reaction WaitsFor(params Type[] waits)
    {
        Type[]? came = (State as RunningFlow)?.Waiting.Select(pending => pending.For.GetType()).ToArray();
        Require(came is not null && came.SequenceEqual(waits), $"a flow that waits for {string.Join(", ", waits.Select(wait => wait.Name))}");
        return this;
    }

    /// <summary>The flow has ended so; a record of it stays.</summary>
    public Reaction Ended(FlowState state)
    {
        Require(State is FinishedFlow finished && finished.State == state, $"a flow that has ended as {state}");
        return this;
    }

    public Reaction IsGone()
    {
        Require(State is null, "no checkpoint");
        return this;
    }

    /// <summary>The session messages sent are of these types, in this order.</summary>
    public Reaction Sends(params Type[] messages)
    {
        Require(Messages.Select(sent => sent.Message.GetType()).SequenceEqual(messages), $"messages {string.Join(", ", messages.Select(type => type.Name))}");
        return this;
    }

    public Reaction SendsNothing() => Sends();

    /// <summary>Exactly one message of this type is sent.</summary>
    public SessionEvent Message<TMessage>()
        where TMessage : SessionMessage
    {
        SessionEvent[] found = [.. Messages.Where(sent => sent.Message is TMessage)];
        Require(found.Length == 1, $"one {typeof(TMessage).Name}");
        return found[0];
    }

    /// <summary>Counterparties are told this error type, and these texts.</summary>
    public Reaction TellsCounterparty(string errorType, params string[] messageParts)
    {
        var told = (SessionError)Message<SessionError>().Message;
        Require(told.ErrorType == errorType, $"a session error of type {errorType}");
        foreach (string part in messageParts) Require(told.ErrorMessage.Contains(part, StringComparison.OrdinalIgnoreCase), $"a session error that says '{part}'");
        return this;
    }

    /// <summary>Payloads sent, as JSON, in order; on first messages and data alike.</summary>
    public Reaction SendsPayloads(params string[] payloads)
    {
        Require(Messages.Select(sent => PayloadOf(sent.Message)).OfType<string>().SequenceEqual(payloads), $"payloads {string.Join(", ", payloads)}");
        return this;
    }

    public Reaction GoesToDeadLetters(string reasonPart)
    {
        Require(DeadLetter?.Contains(reasonPart, StringComparison.OrdinalIgnoreCase) == true, $"a dead letter that says '{reasonPart}'");
        return this;
    }

    public Reaction DoesNothing() => SendsNothing().PublishesNothing();

    public override string ToString()
    {
        var text = new StringBuilder().Append("state: ").AppendLine(Describe(State));
        foreach (Record output in Outputs) text.Append("output: ").AppendLine(Describe(output));
        if (DeadLetter is not null) text.Append("dead letter: ").AppendLine(DeadLetter);
        return text.ToString();
    }

    public void Require(bool condition, string expected) => Assert.True(condition, $"Expected {expected}.\nWhat came of the input:\n{this}");

    private FlowStatus TheStatus(FlowState state)
    {
        Require(Statuses.Count == 1 && Statuses[0].State == state, $"exactly one status, {state}");
        return Statuses[0];
    }

    private static string Describe(Checkpoint? state) => state switch
    {
        null => "none",
        RunningFlow running => $"running, waits for {string.Join(", ", running.Waiting.Select(pending => pending.For))}",
        FinishedFlow finished => $"ended as {finished.State}",
        EarlySession early => $"{early.Events.Length} early messages",
        _ => state.ToString(),
    };

    private static string Describe(Record output) => output.Value switch
    {
        null => $"{output.Topic.Name}: tombstone",
        SessionEvent sent => $"to {sent.To.X500Name} #{sent.SequenceNumber}: {sent.Message} {PayloadOf(sent.Message)}",
        FlowStatus status => $"status {status.State} result {status.Result} error {status.Error}",
        _ => output.ToString(),
    };

    private static string? PayloadOf(SessionMessage message) => message switch
    {
        SessionInit { Payload: { } payload } => Encoding.UTF8.GetString(payload),
        SessionData data => Encoding.UTF8.GetString(data.Payload),
        _ => null,
    };
}
