namespace Corda.Workers.Packaging;

/// <summary>The flow packages this process can run. Thread-safe.</summary>
internal interface IFlowPackages
{
    /// <summary>The package with this content; loaded when first asked for. Flows already running finish on the package they began with.</summary>
    /// <exception cref="FlowPackageException">There is no such package here, or it cannot be loaded.</exception>
    FlowPackage Get(string hash);

    /// <summary>The packages that were found at start: what new virtual nodes run.</summary>
    IReadOnlyList<FlowPackage> Current { get; }
}

/// <summary>A package is missing, damaged, or not fit to run; the message says what, where and what to do.</summary>
internal sealed class FlowPackageException(string message, Exception? cause = null) : Exception(message, cause);
