using System.Text;
using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.Bus.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Corda.Tests.Bus;

/// <summary>A store whose commit fails in a way that leaves the outcome unknown, for a while.</summary>
public sealed class UndecidedCommitTests
{
    private static readonly TopicPartition Input = new("in", 0);
    private static readonly TopicPartition Output = new("out", 0);
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly DoubtfulStore store = new(new MemoryLogStore());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nothing_of_an_undecided_commit_is_visible_and_nobody_takes_over_until_its_outcome_is_known(bool happened)
    {
        await using EmbeddedBus bus = new(store, new EmbeddedBusOptions(), time, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec("in", Cleanup.Delete), new TopicSpec("out", Cleanup.Delete)]);
        ITransactionalProducer producer = bus.OpenTransactional("id");
        producer.Commit([new OutgoingRecord(Input, [1], Encoding.UTF8.GetBytes("input"))], new Dictionary<TopicPartition, long>(), null);
        using IGroupConsumer member = bus.JoinGroup("group", "member", ["in"], new DeafListener());
        Assert.Single(member.Poll(10, TimeSpan.Zero));

        store.BeginDoubt(happened);
        Assert.Throws<MessagingIndefiniteException>(() => CopyInput(producer, member));

        Assert.Equal(0, EndOf(bus, Output));
        Assert.Throws<MessagingTransientException>(() => bus.OpenTransactional("id"));
        Assert.Throws<MessagingTransientException>(member.Rewind);
        Assert.Throws<MessagingTransientException>(() => WriteOther(bus));

        store.EndDoubt();
        WriteOther(bus);

        using ITransactionalProducer next = bus.OpenTransactional("id");
        member.Rewind();
        Assert.Equal(happened ? 2 : 1, EndOf(bus, Output));
        Assert.Equal(happened ? 1 : 0, member.Position(Input));
    }

    [Fact]
    public async Task Undecided_commit_is_decided_without_further_commits()
    {
        await using EmbeddedBus bus = new(store, new EmbeddedBusOptions(), time, NullLogger<EmbeddedBus>.Instance);
        bus.EnsureTopics([new TopicSpec("out", Cleanup.Delete)]);
        store.BeginDoubt(happened: true);
        Assert.Throws<MessagingIndefiniteException>(() => WriteOther(bus));
        store.EndDoubt();

        for (int i = 0; EndOf(bus, Output) == 0; i++)
        {
            Assert.True(i < 5000, "the commit that happened never became visible");
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(1);
        }
    }

    private static void CopyInput(ITransactionalProducer producer, IGroupConsumer member) => producer.Commit(
        [new OutgoingRecord(Output, [1], [1])], new Dictionary<TopicPartition, long> { [Input] = 1 }, member.Membership);

    private static void WriteOther(EmbeddedBus bus)
    {
        using ITransactionalProducer other = bus.OpenTransactional("other");
        other.Commit([new OutgoingRecord(Output, [2], [2])], new Dictionary<TopicPartition, long>(), null);
    }

    private static long EndOf(EmbeddedBus bus, TopicPartition partition)
    {
        using IPartitionReader reader = bus.OpenReader([partition], StartAt.Beginning);
        return reader.EndOffset(partition);
    }

    private sealed class DoubtfulStore(ILogStore inner) : LogStoreOver(inner)
    {
        private volatile bool doubt;
        private bool happens;

        public void BeginDoubt(bool happened) => (happens, doubt) = (happened, true);

        public void EndDoubt() => doubt = false;

        public override void Write(LogWrite write)
        {
            if (!doubt || happens)
            {
                base.Write(write);
            }

            if (doubt)
            {
                throw new MessagingIndefiniteException("the disk went away during the commit");
            }
        }

        public override long LastSequence() => doubt ? throw new MessagingTransientException("the disk is still away") : base.LastSequence();
    }
}
