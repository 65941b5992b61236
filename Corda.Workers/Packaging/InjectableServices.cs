using Corda.Flows;

namespace Corda.Workers.Packaging;

/// <summary>
/// The services a flow's constructor may ask for. The packages are checked against this list, and the engine provides what stands in it.
/// </summary>
internal static class InjectableServices
{
    public static readonly IReadOnlyList<Type> Types =
    [
        typeof(IFlowEngine),
        typeof(IFlowMessaging),
        typeof(IMemberLookup),
        typeof(IFlowLog),
        typeof(IFlowContextProperties),
        typeof(TimeProvider),
    ];

    /// <summary>The names, for error messages.</summary>
    public static string Names { get; } = string.Join(", ", Types.Select(type => type.Name));
}
