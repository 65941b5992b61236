using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Workers.Flow.Services;

/// <inheritdoc/>
internal sealed class ContextProperties(FlowServices services) : IFlowContextProperties
{
    private const string PlatformPrefix = "corda.";

    public string? this[string key]
    {
        get
        {
            services.Step();
            return FlowFiber.Current.Scope.FindProperty(key);
        }
    }

    public void Put(string key, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        if (key.StartsWith(PlatformPrefix, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"The property '{key}' cannot be set: keys that begin with '{PlatformPrefix}' belong to the platform.", nameof(key));
        }

        services.Step();
        FlowFiber.Current.Scope.Properties[key] = value;
    }
}
