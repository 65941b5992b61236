using Corda.Workers.Contracts;

namespace Corda.Workers.Flow;

/// <summary>Exceptions as clients and counterparties see them.</summary>
internal static class FlowErrors
{
    /// <summary>The error of an exception that left a flow.</summary>
    public static FlowError Of(Exception error, FlowOptions options) =>
        Of(error.GetType().FullName ?? error.GetType().Name, error.Message, options);

    /// <summary>An error, its message cut to a bearable length.</summary>
    public static FlowError Of(string type, string message, FlowOptions options) => new(
        type, message.Length <= options.ErrorMessageCharsMax ? message : $"{message.AsSpan(0, options.ErrorMessageCharsMax)}…");

    /// <summary>What counterparties are told.</summary>
    public static SessionError ToCounterparty(FlowError error) => new(error.Type, error.Message);
}
