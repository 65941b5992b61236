using Microsoft.Extensions.Hosting;

namespace Corda.Workers;

/// <summary>The truth about this process, put together from its workers. Thread-safe.</summary>
internal sealed class WorkerHealth(WorkersService service, HealthOptions options, IHostApplicationLifetime lifetime, TimeProvider time, BusProbe bus)
{
    private readonly DateTimeOffset startedAt = time.GetUtcNow();

    /// <summary>How everything is now.</summary>
    public HealthReport Report()
    {
        RoleHealth[] roles = [.. service.Workers.GroupBy(worker => worker.Role).Select(role => new RoleHealth(role.Key, [.. role.SelectMany(worker => worker.Health())]))];
        string[] missing = roles.Length == 0 ? ["the roles have not been started yet"] : [.. roles.SelectMany(Missing)];
        string[] stuck = [.. roles.SelectMany(Stuck)];
        // Whoever sends requests must learn first that this process goes.
        bool stopping = lifetime.ApplicationStopping.IsCancellationRequested;
        return new HealthReport(roles, stopping ? ["the process is stopping", .. missing] : missing, stuck);
    }

    /// <summary>How everything is now, and whether the bus takes writes: that is tried out, which may take <see cref="HealthOptions.ProbeTimeout"/>.</summary>
    public async Task<HealthReport> ProbeAsync()
    {
        HealthReport report = Report();
        return await bus.ProblemAsync() is { } problem ? report with { Missing = [.. report.Missing, $"bus: {problem}"] } : report;
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
