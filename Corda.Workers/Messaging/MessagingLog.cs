using Microsoft.Extensions.Logging;

namespace Corda.Workers.Messaging;

/// <summary>The log messages of the message patterns; event ids 2000 to 2099.</summary>
internal static partial class MessagingLog
{
    [LoggerMessage(2000, LogLevel.Debug, "{Loop}: {From} -> {To}")]
    public static partial void LoopMoves(ILogger logger, string loop, LoopState from, LoopState to);

    [LoggerMessage(EventId = 2001, Message = "{Loop} recovers ({Fault}, failure {Failures}) and goes on in {Delay}: {Reason}")]
    public static partial void LoopRecovers(
        ILogger logger, LogLevel level, string loop, LoopFault fault, int failures, TimeSpan delay, string reason, Exception? cause);

    [LoggerMessage(2004, LogLevel.Information, "{Loop} works again, after {Failures} failures in {Elapsed}")]
    public static partial void LoopMended(ILogger logger, string loop, int failures, TimeSpan elapsed);

    [LoggerMessage(2002, LogLevel.Critical, "{Loop} has given up; it works again after a restart, once the cause is mended")]
    public static partial void LoopFailed(ILogger logger, string loop, Exception cause);

    [LoggerMessage(2003, LogLevel.Warning, "{Loop} could not {What} cleanly")]
    public static partial void LoopStepFailed(ILogger logger, string loop, string what, Exception cause);

    [LoggerMessage(2010, LogLevel.Information, "{Lane} owns {Partition} (epoch {Epoch}); restoring its states")]
    public static partial void PartitionAssigned(ILogger logger, string lane, string partition, long epoch);

    [LoggerMessage(2011, LogLevel.Information, "{Lane} has restored {States} states ({Bytes} bytes) of {Partition} in {Elapsed}")]
    public static partial void PartitionRestored(ILogger logger, string lane, string partition, int states, long bytes, TimeSpan elapsed);

    [LoggerMessage(2012, LogLevel.Information, "{Lane} let go of {Partition} ({How})")]
    public static partial void PartitionGone(ILogger logger, string lane, string partition, string how);

    [LoggerMessage(2013, LogLevel.Information, "{Lane}: {Partition} was left uncleanly and without progress; its inputs are taken one by one for a while")]
    public static partial void PartitionCautious(ILogger logger, string lane, string partition);

    [LoggerMessage(2014, LogLevel.Warning, "{Lane} could not mark {Partition} as left cleanly; the next owner will be cautious")]
    public static partial void MarkerNotCleared(ILogger logger, string lane, string partition, Exception cause);

    [LoggerMessage(2018, LogLevel.Information,
        "{Lane} could not note that what it had found in {Partition} is worked off; if this worker dies, the next owner is cautious: {Reason}")]
    public static partial void MarkerNotSettled(ILogger logger, string lane, string partition, string reason);

    [LoggerMessage(2015, LogLevel.Error, "State of {Partition}, key {Key}, is refused: {Reason}. Its events go to the dead letters until it is mended")]
    public static partial void StateRefused(ILogger logger, string partition, string key, string reason);

    [LoggerMessage(2016, LogLevel.Warning, "The local copy of states {File} is discarded and made anew from the state topic: {Reason}")]
    public static partial void StateCopyDiscarded(ILogger logger, string file, string reason);

    [LoggerMessage(2017, LogLevel.Warning, "{Reason} All states stay in memory until it works again")]
    public static partial void StateCopyNotWritten(ILogger logger, string reason);

    [LoggerMessage(2020, LogLevel.Error,
        "{Thread} is stuck since {Elapsed} in a step for key {Key}, input {Input}. It is given up and replaced; the input is abandoned")]
    public static partial void StepStuck(ILogger logger, string thread, TimeSpan elapsed, string key, string input);

    [LoggerMessage(2021, LogLevel.Information, "The stuck thread {Thread} came back after {Elapsed}; its result is discarded")]
    public static partial void StuckThreadReturned(ILogger logger, string thread, TimeSpan elapsed);

    [LoggerMessage(2022, LogLevel.Warning, "Key {Key} is parked until {Until} after {Attempts} attempts on {Input}: {Reason}")]
    public static partial void KeyParked(ILogger logger, string key, DateTimeOffset until, int attempts, string input, string reason);

    [LoggerMessage(2023, LogLevel.Error, "Input {Input} of key {Key} goes to the dead letters: {Reason}")]
    public static partial void DeadLettered(ILogger logger, string input, string key, string reason, Exception? cause);

    [LoggerMessage(2024, LogLevel.Error, "The processor could not even abandon input {Input} of key {Key}; its state is deleted")]
    public static partial void AbandonFailed(ILogger logger, string input, string key, Exception cause);

    [LoggerMessage(2025, LogLevel.Error, "The processor failed when told that key {Key} is parked; nothing is sent about it")]
    public static partial void ParkedNoticeFailed(ILogger logger, string key, Exception cause);

    [LoggerMessage(2026, LogLevel.Warning, "{Lane} works its batch off again, step by step: {Reason}")]
    public static partial void BatchRestarts(ILogger logger, string lane, string reason);

    [LoggerMessage(2030, LogLevel.Error, "{Subscription} skips a record of {Partition} at offset {Offset}: {Reason}")]
    public static partial void RecordSkipped(ILogger logger, string subscription, string partition, long offset, string reason, Exception cause);

    [LoggerMessage(2031, LogLevel.Error, "{Subscription}: the processor failed on {What}; it goes on with the next record")]
    public static partial void ProcessorFailed(ILogger logger, string subscription, string what, Exception cause);

    [LoggerMessage(2040, LogLevel.Warning, "{Sender} had no answer to {Correlation} within {Elapsed}; asking again")]
    public static partial void RpcRetries(ILogger logger, string sender, string correlation, TimeSpan elapsed);
}
