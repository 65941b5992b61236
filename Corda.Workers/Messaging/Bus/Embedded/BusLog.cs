using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging.Bus.Embedded;

/// <summary>What the embedded bus tells its operator.</summary>
internal static partial class BusLog
{
    [LoggerMessage(1, LogLevel.Warning,
        "Member {Member} of group {Group} was evicted: it has not polled for {SilenceSeconds:F1} s, the limit is {LimitSeconds:F1} s; its partitions go to the others")]
    public static partial void MemberEvicted(ILogger logger, string member, string group, double silenceSeconds, double limitSeconds);

    [LoggerMessage(2, LogLevel.Error, "The bus cannot write: {Reason}. Transactions are refused as transient until it can again")]
    public static partial void WritesFail(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The bus writes again, after {Refused} refused transactions")]
    public static partial void WritesAgain(ILogger logger, long refused);

    [LoggerMessage(4, LogLevel.Error, "The outcome of a commit is unknown: {Reason}. It is looked up as soon as the file can be read")]
    public static partial void OutcomeUnknown(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The outcome of the unknown commit is known now: committed = {Committed}")]
    public static partial void OutcomeKnown(ILogger logger, bool committed);

    [LoggerMessage(6, LogLevel.Critical, "The bus cannot work any more; every transaction is refused until an operator has acted and the process is restarted")]
    public static partial void Broken(ILogger logger, Exception cause);

    [LoggerMessage(7, LogLevel.Warning, "Retention or compaction failed and will be tried again: {Reason}")]
    public static partial void MaintenanceFailed(ILogger logger, string reason);

    [LoggerMessage(8, LogLevel.Information, "Group {Group} had no member and no commit for {Days:F0} days; its offsets are forgotten")]
    public static partial void GroupForgotten(ILogger logger, string group, double days);

    [LoggerMessage(9, LogLevel.Critical, "{Damage}")]
    public static partial void PartitionDamaged(ILogger logger, string damage, Exception cause);

    [LoggerMessage(10, LogLevel.Warning, "Member {Member} of group {Group} was put out: its worker {Worker} was taken for dead")]
    public static partial void MemberEvictedAsDead(ILogger logger, string member, string group, string worker);
}
