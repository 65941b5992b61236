using Corda.Workers.Messaging.StateAndEvent.Store;

namespace Corda.Workers.Messaging;

/// <summary>What a state-and-event subscription needs to know. Every number has its unit and its reason.</summary>
/// <param name="Name">For people, logs and metrics.</param>
/// <param name="Group">The consumer group; all lanes of all workers of the role.</param>
/// <param name="Events">The event topic. Its states live in <c>&lt;event&gt;.state</c>, what cannot be processed in <c>&lt;event&gt;.dlq</c>.</param>
/// <param name="StateCodec">Turns states into bytes and back.</param>
/// <param name="InstanceId">Stable for a worker slot over restarts, unique among the workers of a cluster: transactional ids are derived from it.</param>
internal sealed record StateAndEventSettings<TState, TEvent>(
    string Name, string Group, Topic<TEvent> Events, ICodec<TState> StateCodec, string InstanceId)
    where TState : class
    where TEvent : class
{
    /// <summary>Members of the group in this process. Two keep both a transaction's commit and the next one's steps going.</summary>
    public int Lanes { get; init; } = 2;

    /// <summary>Threads that run steps, shared by the lanes. Steps are pure computation: more threads than processors only wait for each other.</summary>
    public int StepThreads { get; init; } = Environment.ProcessorCount;

    /// <summary>Events and due times of one transaction.</summary>
    public int BatchMax { get; init; } = 500;

    /// <summary>
    /// After a transaction whose steps took longer the next takes half as many inputs, and so on: whoever wants a partition or waits for an answer waits for the batch
    /// before, and a lane that does not come round is put out of its group (10 s embedded, <c>Corda:Bus:Kafka:PollTimeout</c>).
    /// </summary>
    public TimeSpan BatchTimeMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Chained events of one transaction: enough for long conversations, small enough that others wait milliseconds.</summary>
    public int ChainMax { get; init; } = 2_000;

    /// <summary>After this time a transaction chains no more, so that a slow chain cannot hold up its lane.</summary>
    public TimeSpan ChainTimeMax { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A step that runs longer is given up. A thousand times what a heavy flow step takes; under the 10 s after which the bus evicts a silent lane.</summary>
    public TimeSpan StepTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A lane without work polls at least so often: it is the pulse that liveness is judged by.</summary>
    public TimeSpan PollWait { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often an input is tried before it is abandoned: with the delays below about half a minute, longer than a failover of whoever it needs.</summary>
    public int AttemptsMax { get; init; } = 5;

    /// <summary>The delay before the second attempt; doubles with each.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest delay between two attempts.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(16);

    /// <summary>Inputs that wait for a parked key; one more ends its patience. All of them are rewritten with each, hence no thousands.</summary>
    public int HeldMax { get; init; } = 100;

    /// <summary>Bytes of key and value of a record; larger ones are refused. Below Kafka's default of 1 MiB, with room for its headers.</summary>
    public int RecordBytesMax { get; init; } = 972_800;

    /// <summary>
    /// Whether the states of partitions that other workers own are followed, so that taking one over means reading a tail and not a topic. Costs every worker
    /// room for all states: the disk of their copies where there is a <see cref="StateCache"/>, else memory.
    /// </summary>
    public bool KeepsWarmStates { get; init; }

    /// <summary>Decoded states kept per partition, so that the next event need not decode.</summary>
    public int DecodedStatesMax { get; init; } = 1_000;

    /// <summary>Bounds the memory of states, and keeps copies of them for the next start; null to keep all in memory and nothing on the disk.</summary>
    public StateCache? StateCache { get; init; }

    /// <summary>How often an input may be begun alone without the process surviving it.</summary>
    public int CrashAttemptsMax { get; init; } = 3;

    /// <summary>Delay of a lane after the first failure of the bus; doubles with each in a row.</summary>
    public TimeSpan FaultDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay of a lane after failures of the bus: calls that fail wait themselves, and what is mended is noticed by the next.</summary>
    public TimeSpan FaultDelayMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For tests: every step's state is encoded and decoded again, so that nothing can hide in an object.</summary>
    public bool AlwaysRestoreFromBytes { get; init; }

    /// <summary>The compacted topic of the states, partition for partition with the events.</summary>
    public string StateTopic => Events.Name + ".state";

    /// <summary>What could not be processed.</summary>
    public Topic<DeadLetter> DeadLetterTopic => DeadLetter.TopicOf(Events);
}
