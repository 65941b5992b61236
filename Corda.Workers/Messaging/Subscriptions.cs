namespace Corda.Workers.Messaging;

/// <summary>Makes the patterns of a worker. Nothing runs before <see cref="ISubscription.Start"/>; whoever makes one disposes of it.</summary>
internal sealed class Subscriptions(PatternContext context)
{
    /// <summary>Sizes are the context's unless the settings say otherwise; the instance id of the settings is the context's.</summary>
    public ISubscription StateAndEvent<TState, TEvent>(
        StateAndEventSettings<TState, TEvent> settings, IStateAndEventProcessor<TState, TEvent> processor)
        where TState : class
        where TEvent : class => new StateAndEventSubscription<TState, TEvent>(settings, processor, context.Bus, context.Time, context.Logger);

    /// <summary>Follows a compacted topic.</summary>
    public ISubscription Compacted<TValue>(Topic<TValue> topic, ICompactedProcessor<TValue> processor)
        where TValue : class => new CompactedSubscription<TValue>(topic, processor, context);

    /// <summary>Consumes a topic as a member of a group, exactly once in effect on the bus.</summary>
    public ISubscription Durable<TValue>(string group, Topic<TValue> topic, IDurableProcessor<TValue> processor)
        where TValue : class => new DurableSubscription<TValue>(group, topic, processor, context);

    /// <summary>Hears what is written from now on, at most once.</summary>
    public ISubscription PubSub<TValue>(Topic<TValue> topic, IPubSubProcessor<TValue> processor)
        where TValue : class => new PubSubSubscription<TValue>(topic, processor, context);

    /// <summary>Answers requests as a member of a group; none takes longer than the timeout.</summary>
    public ISubscription Rpc<TRequest, TResponse>(
        string group, RpcTopic<TRequest, TResponse> topic, IRpcResponder<TRequest, TResponse> responder, TimeSpan answerTimeout) =>
        new RpcSubscription<TRequest, TResponse>(group, topic, responder, answerTimeout, context);

    /// <summary>Asks requests. It is a subscription too: to be started before the first question.</summary>
    public RpcSender<TRequest, TResponse> RpcSender<TRequest, TResponse>(RpcTopic<TRequest, TResponse> topic) => new(topic, context);

    /// <summary>Publishes outside of any subscription.</summary>
    /// <param name="clientName">For people; the instance is added.</param>
    public IPublisher Publisher(string clientName) => new Publisher($"{clientName}-{context.InstanceId}", context);
}
