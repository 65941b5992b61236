using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using Record = Corda.Workers.Messaging.Record;

namespace Corda.Tests.Rpc;

/// <summary>Keeps what is published, and lets a test play the flow worker.</summary>
internal sealed class ScriptedPublisher : IPublisher
{
    public List<FlowEvent> Events { get; } = [];

    public IEnumerable<StartFlow> Starts => Events.OfType<StartFlow>();

    public Action<StartFlow> OnPublish { get; set; } = _ => { };

    /// <summary>When what was published is durable.</summary>
    public Task Durable { get; set; } = Task.CompletedTask;

    public Action<KillFlow> OnKill { get; set; } = _ => { };

    public Task PublishAsync(params IReadOnlyList<Record> records)
    {
        foreach (FlowEvent published in records.Select(record => (FlowEvent)record.Value!))
        {
            Events.Add(published);
            if (published is StartFlow start) OnPublish(start);
            if (published is KillFlow kill) OnKill(kill);
        }

        return Durable;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
