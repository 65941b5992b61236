using Corda.Workers.Cluster.Liveness;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Cluster;

/// <summary>What the cluster tells its operator.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(1, LogLevel.Information, "This worker is {Worker}; it can be watched at {Address}")]
    public static partial void Started(ILogger logger, WorkerIdentity worker, string address);

    [LoggerMessage(2, LogLevel.Information, "Worker {Worker} is there, with roles {Roles}")]
    public static partial void WorkerSeen(ILogger logger, WorkerIdentity worker, string roles);

    [LoggerMessage(3, LogLevel.Information, "Worker {Worker} is gone")]
    public static partial void WorkerGone(ILogger logger, WorkerIdentity worker);

    [LoggerMessage(4, LogLevel.Information, "Worker {Worker} is {Verdict}: {Reason}")]
    public static partial void Judged(ILogger logger, WorkerIdentity worker, Verdict verdict, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Worker {Worker} is taken for dead ({Reason}); this worker is number {Place} to evict it")]
    public static partial void EvictionPlanned(ILogger logger, WorkerIdentity worker, string reason, int place);

    [LoggerMessage(6, LogLevel.Warning, "Worker {Worker} ({Reason}) was evicted: {Ids} transactional ids, {Members} memberships, {Milliseconds:0} ms; all done = {Done}")]
    public static partial void Evicted(ILogger logger, WorkerIdentity worker, string reason, int ids, int members, double milliseconds, bool done);

    [LoggerMessage(7, LogLevel.Warning,
        "Worker {Worker} was taken for dead but lives: it was fenced and has joined anew. Refused connections to it are not believed any more until one has stood; "
        + "look for what refuses them (a firewall, a wrong Corda:Cluster:Liveness:Advertise)")]
    public static partial void WronglySuspected(ILogger logger, WorkerIdentity worker);

    [LoggerMessage(8, LogLevel.Warning, "Others have taken this worker for dead: its work in hand is fenced, it joins its groups anew and goes on")]
    public static partial void TakenForDead(ILogger logger);

    [LoggerMessage(9, LogLevel.Error, "Worker {Worker} has started under this worker's id. Give each its own Corda:Worker:Id, or none: with one id the two fence each other")]
    public static partial void IdIsTaken(ILogger logger, WorkerIdentity worker);

    [LoggerMessage(10, LogLevel.Information, "The former life {Worker} of this worker did not end in good order; its groups are left on its behalf")]
    public static partial void FormerLifeEnds(ILogger logger, WorkerIdentity worker);

    [LoggerMessage(11, LogLevel.Error, "The picture of the cluster could not take up: {What}")]
    public static partial void EventFailed(ILogger logger, string what, Exception cause);
}
