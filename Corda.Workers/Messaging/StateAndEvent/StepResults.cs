namespace Corda.Workers.Messaging.StateAndEvent;

/// <summary>Turns what a processor answers into a key's next state and effects. Pure but for the codecs; thread-safe.</summary>
internal sealed class StepResults<TState, TEvent>(StateAndEventSettings<TState, TEvent> settings, RecordEncoder encoder)
    where TState : class
    where TEvent : class
{
    private const int EnvelopeBytes = 4_096;

    /// <summary>The next state of a key.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="given">The object that was handed to the processor: getting it back with the same due time means that nothing has changed.</param>
    /// <param name="step">The answer.</param>
    /// <param name="input">The input.</param>
    /// <param name="strict">Encode the state now.</param>
    /// <exception cref="RecordRefusedException">The state cannot be written.</exception>
    public KeyState<TState> Next(KeyState<TState> state, TState? given, Step<TState> step, StepInput<TEvent> input, bool strict)
    {
        bool unchanged = !input.IsDue && ReferenceEquals(given, step.State) && state.DueAt == step.DueAt;
        if (unchanged && given is null)
        {
            return state;
        }

        if (unchanged)
        {
            return state with { Value = state.Value! with { Decoded = given } };
        }

        return state with
        {
            Value = step.State is null ? null : new StateValue<TState>(step.State, strict ? EncodeState(step.State) : null),
            DueAt = step.State is null ? null : step.DueAt,
            InputId = input.Id.ToString(),
            LastOffset = Math.Max(state.LastOffset, input.Id.Offset),
        };
    }

    /// <summary>What the outputs come to: chained or written.</summary>
    /// <exception cref="RecordRefusedException">An output cannot be written.</exception>
    public IReadOnlyList<StepEffect<TEvent>> Effects(IReadOnlyList<Record> outputs, InputId input, StepMode mode)
    {
        if (outputs.Count == 0)
        {
            return [];
        }

        var effects = new StepEffect<TEvent>[outputs.Count];
        for (int i = 0; i < effects.Length; i++)
        {
            effects[i] = Effect(outputs[i], input, i, mode);
        }

        return effects;
    }

    /// <summary>The bytes of a state.</summary>
    /// <exception cref="RecordRefusedException">The state cannot be written.</exception>
    public byte[] EncodeState(TState state)
    {
        byte[] bytes;
        try
        {
            bytes = settings.StateCodec.Encode(state);
        }
        catch (Exception cause)
        {
            throw new RecordRefusedException($"The state cannot be encoded: {cause.Message}", cause);
        }

        return bytes.Length + EnvelopeBytes <= settings.RecordBytesMax
            ? bytes
            : throw new RecordRefusedException(
                $"A state of {bytes.Length} bytes is larger than the {settings.RecordBytesMax - EnvelopeBytes} bytes allowed. Keep less in it.");
    }

    private StepEffect<TEvent> Effect(Record output, InputId input, int index, StepMode mode)
    {
        if (output.Value is not TEvent value || output.Topic.Name != settings.Events.Name)
        {
            return new Write<TEvent>(encoder.Encode(output), ToOwnKey: false);
        }

        var to = new PartitionKey(encoder.PartitionOf(output.Topic, output.Key), output.Key);
        return mode.Chaining.MayChain(to)
            ? new Chain<TEvent>(to, new StepInput<TEvent>(input.Child(index), value, mode.Strict ? BytesOrNull(value) : null))
            : new Write<TEvent>(encoder.Encode(output), ToOwnKey: true);
    }

    private byte[]? BytesOrNull(TEvent chained)
    {
        try
        {
            return settings.Events.Encode(chained);
        }
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            // It never has to be written, unless it ends among the dead letters: the letter says so by having none.
            return null;
        }
    }
}
