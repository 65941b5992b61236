using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Packaging;
using Microsoft.Extensions.Logging;

namespace Corda.Workers.Flow.Services;

/// <summary>
/// The services that one flow holds. They live as long as its frames do in memory; what they do goes to the step under way.
/// </summary>
internal sealed class FlowServices
{
    private readonly Dictionary<Type, object> injectable;
    private FlowStep? step;

    public FlowServices(HoldingIdentity identity, FlowId flowId, string flowClassName, FlowSurroundings surroundings)
    {
        var sessions = new SessionOperations(this, surroundings.Nodes);
        var engine = new EngineService(this, flowId, identity, new ScopeEnd(this));
        var messaging = new MessagingService(this, sessions);
        var members = new MemberLookupService(identity, surroundings.Nodes);
        var log = new FlowLogService(surroundings.Loggers.CreateLogger(flowClassName), flowId, identity);
        Sessions = sessions;
        injectable = new Dictionary<Type, object>
        {
            [typeof(IFlowEngine)] = engine,
            [typeof(IFlowMessaging)] = messaging,
            [typeof(IMemberLookup)] = members,
            [typeof(IFlowLog)] = log,
            [typeof(IFlowContextProperties)] = engine.Properties,
            [typeof(TimeProvider)] = surroundings.Clock,
        };

        // The order is part of the checkpoint's format: append only.
        Externals = new FlowExternals([engine, messaging, sessions, members, log, surroundings.Clock, engine.Properties, engine.ScopeEnd]);
    }

    /// <summary>What stands for <see cref="FlowSession"/>'s operations.</summary>
    public ISessionOperations Sessions { get; }

    public FlowExternals Externals { get; }

    /// <summary>A service by the type of a constructor's parameter.</summary>
    /// <exception cref="FlowPackageException">There is no such service.</exception>
    public object Get(Type service) => injectable.TryGetValue(service, out object? found) ? found : throw new FlowPackageException(
        $"{service.FullName} is not a service that flows can ask for in their constructor. There are {string.Join(", ", injectable.Keys.Select(t => t.Name))}.");

    /// <summary>The step under way, for code that the flow calls.</summary>
    /// <exception cref="FlowUsageException">The flow does not run now, or not on this thread.</exception>
    public FlowStep Step() => FlowFiber.Current is not null && step is { } running ? running : throw FlowUsageException.CalledOutsideFlow();

    /// <summary>Runs the flow's code within a step.</summary>
    public void During(FlowStep current, Action<FlowFiber> run, FlowFiber fiber)
    {
        step = current;
        try
        {
            run(fiber);
        }
        finally
        {
            step = null;
        }
    }

    /// <summary>Starts an operation on which the flow will be parked.</summary>
    public FlowTask<T> Park<T>(WaitingFor waitingFor)
    {
        FlowStep current = Step();
        FlowOperation<T> operation = FlowFiber.Current.NewOperation<T>();
        current.Waiting.Add(new PendingOperation(operation.Id, waitingFor));
        return operation;
    }
}

/// <summary>What flows see of the worker that runs them.</summary>
internal sealed record FlowSurroundings(IVirtualNodes Nodes, TimeProvider Clock, ILoggerFactory Loggers);
