namespace Corda.Flows.CompilerServices;

/// <summary>What the engine does for <see cref="FlowSession"/>. Its implementation is re-bound when a checkpoint is restored.</summary>
internal interface ISessionOperations
{
    FlowTask Send<T>(FlowSession session, T payload);

    FlowTask<T> Receive<T>(FlowSession session);

    FlowTask<T> SendAndReceive<T>(FlowSession session, object payload);

    FlowTask<FlowInfo> CounterpartyInfo(FlowSession session);

    FlowTask Close(FlowSession session);
}
