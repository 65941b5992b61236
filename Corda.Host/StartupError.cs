using Corda.Workers;
using Corda.Workers.Messaging;
using Corda.Workers.Packaging;
using Corda.Workers.Storage;
using Microsoft.AspNetCore.Connections;

namespace Corda.Host;

/// <summary>The mistakes in the surroundings of the process that its operator can put right: told in words, without a stack trace.</summary>
internal static class StartupError
{
    /// <summary>What to tell the operator; null where the error is none of these.</summary>
    public static string? Explain(Exception error) => error switch
    {
        CordaOptionsException => $"Corda does not start, its configuration is not right.{Environment.NewLine}{error.Message}",
        StorageException or MessagingFatalException or FlowPackageException => $"Corda does not start: {error.Message}",
        IOException { InnerException: AddressInUseException } =>
            $"Corda does not start: {error.Message.TrimEnd('.')}. Stop that process, or choose another address with --urls=http://127.0.0.1:8081",
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ => null,
    };
}
