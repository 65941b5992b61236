using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>Eviction: somebody else says that a worker is dead, and need not be right.</summary>
public abstract partial class MessageBusCompliance
{
    [BusFact]
    public async Task Evicted_members_partitions_go_to_the_survivors_its_work_is_fenced_and_it_joins_anew()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", "v"))]);
        TestMember suspect = NewMember(group, topic);
        await Drive(() => suspect.Records.Count == all, "all records for the one", suspect);
        (GroupMembership membership, Dictionary<TopicPartition, long> consumed) = (suspect.Consumer.Membership, suspect.Consumed);
        string id = Unique("tx");
        ITransactionalProducer producer = NewProducer(id);
        producer.Commit([Out(topic, 0, "k", "before")], new Dictionary<TopicPartition, long>(), membership: null);
        TestMember heir = NewMember(group, topic);
        heir.Poll();

        Assert.True(await Bus.Evict(new DeadWorker("suspect", [id], [new GroupMemberId(group, membership.MemberId)])).WaitAsync(Patience));
        await Drive(() => heir.Owned.Count == all, "all partitions for the heir, though the suspect never let go of them", heir);

        Assert.Throws<MessagingFencedException>(() => producer.Commit([Out(topic, 0, "k", "after")], consumed, membership));
        Assert.Throws<MessagingFencedException>(() => producer.Commit([Out(topic, 0, "k", "after")], new Dictionary<TopicPartition, long>(), membership: null));
        Assert.Throws<MessagingFencedException>(() => NewProducer().Commit([Out(topic, 0, "k", "after")], consumed, membership));
        await Drive(() => suspect.Owned.Count == all / 2, "a fair share after joining anew", suspect, heir);

        // What it was asked for in order before it was evicted it may still let go of in order, not knowing better; it cannot commit any of it.
        Assert.Equal(PartitionsOf(topic).ToHashSet(), suspect.Lost.Concat(suspect.Revoked).ToHashSet());
        Assert.Equal(all, suspect.Lost.Count + suspect.Revoked.Count);
        Assert.NotEmpty(suspect.Lost);
        NewProducer(id).Commit([Out(topic, 0, "k", "anew")], new Dictionary<TopicPartition, long>(), membership: null);
        IEnumerable<string> written = (await ReadAll(new TopicPartition(topic, 0))).Select(r => Text(r.Value)).ToList();
        Assert.Contains("anew", written);
        Assert.DoesNotContain("after", written);
    }

    [BusFact]
    public async Task Evicting_twice_or_whoever_is_not_there_changes_nothing()
    {
        string topic = NewTopic();
        string group = Unique("group");
        TestMember member = NewMember(group, topic);
        await Drive(() => member.Owned.Count == Bus.PartitionCount(topic), "all partitions", member);
        var stranger = new DeadWorker("stranger", [Unique("tx")], [new GroupMemberId(group, "nobody"), new GroupMemberId(Unique("group"), "nobody")]);

        Assert.True(await Bus.Evict(stranger).WaitAsync(Patience));
        Assert.True(await Bus.Evict(stranger).WaitAsync(Patience));
        await Write(Out(topic, 0, "k", "v"));
        await Drive(() => member.Records.Count == 1, "the record", member);

        Assert.Equal((0, 0, 0), (member.TimesFenced, member.Lost.Count, member.Revoked.Count));
    }
}
