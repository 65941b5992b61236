using Corda.Flows;
using Corda.Workers.Contracts;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Flow.Services;

/// <inheritdoc/>
internal sealed partial class FlowLogService(ILogger logger, FlowId flowId, HoldingIdentity identity) : IFlowLog
{
    public void Debug(string message) => Write(LogLevel.Debug, message, null);

    public void Info(string message) => Write(LogLevel.Information, message, null);

    public void Warn(string message, Exception? error = null) => Write(LogLevel.Warning, message, error);

    public void Error(string message, Exception? error = null) => Write(LogLevel.Error, message, error);

    private void Write(LogLevel level, string message, Exception? error) => Say(logger, level, message, flowId, identity.X500Name, error);

    [LoggerMessage(EventId = 4000, EventName = "FlowSays", Message = "{Message} [flow {FlowId} of {VirtualNode}]")]
    private static partial void Say(ILogger logger, LogLevel level, string message, FlowId flowId, string virtualNode, Exception? error);
}
