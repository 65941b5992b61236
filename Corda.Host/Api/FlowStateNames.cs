using System.Text.Json;
using Corda.Workers.Contracts;

namespace Corda.Host.Api;

/// <summary>The states of flows as clients write them: START_REQUESTED.</summary>
internal static class FlowStateNames
{
    private static readonly IReadOnlyDictionary<string, FlowState> States =
        Enum.GetValues<FlowState>().ToDictionary(state => JsonNamingPolicy.SnakeCaseUpper.ConvertName(state.ToString()), StringComparer.OrdinalIgnoreCase);

    /// <summary>All of them, for people.</summary>
    public static string All { get; } = string.Join(", ", States.Keys);

    /// <summary>The state of a name, or null.</summary>
    public static FlowState? Parse(string name) => States.TryGetValue(name, out FlowState state) ? state : null;
}
