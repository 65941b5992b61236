namespace Corda.Workers;

/// <summary>The truth about this process, put together from its workers. Thread-safe.</summary>
internal sealed class WorkerHealth(IReadOnlyList<IWorker> workers, HealthOptions options, TimeProvider time)
{
    private readonly DateTimeOffset startedAt = time.GetUtcNow();
    private volatile bool stopping;

    /// <summary>From now on this process is not ready: nobody should send it more.</summary>
    public void Stopping() => stopping = true;

    /// <summary>How everything is now.</summary>
    public HealthReport Report()
    {
        RoleHealth[] roles = [.. workers.GroupBy(worker => worker.Role).Select(role => new RoleHealth(role.Key, [.. role.SelectMany(worker => worker.Health())]))];
        string[] missing = [.. roles.SelectMany(Missing)];
        string[] stuck = [.. roles.SelectMany(Stuck)];
        return new HealthReport(roles, stopping ? ["the process is stopping", .. missing] : missing, stuck);
    }

    /// <summary>What a role lacks to do its work, for people; null for nothing.</summary>
    public string? Missing(WorkerRole role)
    {
        foreach (IWorker worker in workers)
        {
            if (worker.Role == role && worker.Health().FirstOrDefault(part => !part.Ready) is { } part) return $"{part.Name}: {part.Problem ?? "not ready yet"}";
        }

        return null;
    }

    private static IEnumerable<string> Missing(RoleHealth role) =>
        role.Parts.Where(part => !part.Ready).Select(part => $"{Name(role)}, {part.Name}: {part.Problem ?? "not ready yet"}");

    private static string Name(RoleHealth role) => role.Role.ToString().ToLowerInvariant();

    private IEnumerable<string> Stuck(RoleHealth role)
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (PartHealth part in role.Parts)
        {
            if (part.LastProgress is not { } progress) continue;
            // A loop that never came round counts from the start of the process.
            TimeSpan silent = now - (progress > startedAt ? progress : startedAt);
            if (silent > options.ProgressTimeout) yield return $"{Name(role)}, {part.Name}: no progress for {silent.TotalSeconds:0} s";
        }
    }
}

/// <summary>How the process is.</summary>
/// <param name="Roles">Each role with its parts.</param>
/// <param name="Missing">What keeps it from being ready, for people; empty where it is.</param>
/// <param name="Stuck">The loops that have died, for people; empty where all live.</param>
internal sealed record HealthReport(IReadOnlyList<RoleHealth> Roles, IReadOnlyList<string> Missing, IReadOnlyList<string> Stuck);

/// <summary>How a role is.</summary>
internal sealed record RoleHealth(WorkerRole Role, IReadOnlyList<PartHealth> Parts);
