using System.Text;
using Corda.Workers.Messaging;

using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Messaging;

/// <summary>
/// Appends each event to its key's state ("a,b,c") unless a test says otherwise. A parked key says so on the output topic, an abandoned input is
/// appended as "!Kind".
/// </summary>
internal sealed class TextProcessor : IStateAndEventProcessor<Text, Text>
{
    public delegate Step<Text> Handler(string key, Text? state, string input, StepContext context);

    /// <summary>What an event does; null from it means that the usual is done.</summary>
    public Func<string, Text?, string, StepContext, Step<Text>?> OnText { get; set; } = static (_, _, _, _) => null;

    /// <summary>What a due time does.</summary>
    public Func<string, Text, StepContext, Step<Text>?> OnTime { get; set; } = static (_, _, _) => null;

    /// <summary>What an abandoned input does.</summary>
    public Func<string, Text?, string?, Failure, Step<Text>?> OnGivenUp { get; set; } = static (_, _, _, _) => null;

    public static Step<Text> Append(Text? state, string what, IReadOnlyList<Record>? outputs = null, DateTimeOffset? dueAt = null) =>
        new(new Text(state is null ? what : $"{state.Value},{what}"), outputs ?? [], dueAt);

    public static Record To(string key, string text) => Record.Of(StateAndEventRig.Events, Encoding.UTF8.GetBytes(key), new Text(text));

    public static Record Out(string key, string text) => Record.Of(StateAndEventRig.Out, Encoding.UTF8.GetBytes(key), new Text(text));

    public Step<Text> OnEvent(byte[] key, Text? state, Text input, StepContext context) =>
        OnText(Encoding.UTF8.GetString(key), state, input.Value, context) ?? Append(state, input.Value);

    public bool Preempts(Text input) => input.Value == "urgent";

    public Step<Text> OnDue(byte[] key, Text state, StepContext context) =>
        OnTime(Encoding.UTF8.GetString(key), state, context) ?? Append(state, "due");

    public IReadOnlyList<Record> OnParked(byte[] key, Text? state, Text? input, Failure failure, StepContext context) =>
        [Out(Encoding.UTF8.GetString(key), $"parked {failure.Attempts}")];

    public Step<Text> OnAbandoned(byte[] key, Text? state, Text? input, Failure failure, StepContext context) =>
        OnGivenUp(Encoding.UTF8.GetString(key), state, input?.Value, failure) ?? Append(state, $"!{failure.Kind}");
}
