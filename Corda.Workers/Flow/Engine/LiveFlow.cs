using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Services;

namespace Corda.Workers.Flow.Engine;

/// <summary>A flow in memory: its fiber, and the services which its frames hold.</summary>
internal sealed record LiveFlow(FlowFiber Fiber, FlowServices Services);
