using System.Globalization;
using System.Security.Cryptography;
using Corda.Workers.Contracts;

namespace Corda.Workers.Cluster;

/// <summary>One life of a worker: a process from its start to its end.</summary>
/// <param name="Id">Unique among the workers of the cluster; the same again after a restart only where it is configured.</param>
/// <param name="StartedAt">When the process began.</param>
internal sealed record WorkerIdentity(string Id, DateTimeOffset StartedAt)
{
    /// <summary>The identity that a presence is of.</summary>
    public static WorkerIdentity Of(WorkerPresence presence) => new(presence.WorkerId, presence.StartedAt);

    /// <summary>An id for a process that was given none: the host's name, and a suffix that no other start has.</summary>
    public static string FreshId()
    {
        string host = new([.. Environment.MachineName.ToLowerInvariant().Take(40).Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        return $"{host}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
    }

    /// <summary>For the wire and for people: two lives never have the same.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}@{StartedAt.UtcTicks:x}");
}
