namespace Corda.Workers;

/// <summary>What a process does. One binary; <c>Corda:Roles</c> switches roles on.</summary>
public enum WorkerRole
{
    /// <summary>Serves the REST API: starts and kills flows, shows where they stand.</summary>
    Rpc,

    /// <summary>Runs flows.</summary>
    Flow,

    /// <summary>Owns the cluster database: virtual nodes and their packages.</summary>
    Db,
}
