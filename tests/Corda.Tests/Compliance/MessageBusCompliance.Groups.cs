using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;

namespace Corda.Tests.Compliance;

/// <summary>Consumer groups: delivery, committed offsets, rebalance, fencing by membership.</summary>
public abstract partial class MessageBusCompliance
{
    [BusFact]
    public async Task Only_member_of_a_group_owns_every_partition_and_gets_every_record()
    {
        string topic = NewTopic();
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", $"{p.Partition}"))]);

        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Records.Count == Bus.PartitionCount(topic), "a record of each partition", member);

        Assert.Equal(PartitionsOf(topic).ToHashSet(), member.Owned);
        Assert.Equal(member.Owned, member.Consumer.Assignment.ToHashSet());
        Assert.Empty(member.Revoked);
    }

    [BusFact]
    public async Task Groups_read_the_same_topic_independently()
    {
        string topic = NewTopic();
        await Write(Out(topic, 0, "k", "v"));

        TestMember one = NewMember(Unique("group"), topic);
        TestMember two = NewMember(Unique("group"), topic);

        await Drive(() => one.Records.Count == 1 && two.Records.Count == 1, "the record in both groups", one, two);
    }

    [BusFact]
    public async Task Offsets_commit_with_the_records_and_the_next_member_goes_on_there()
    {
        string topic = NewTopic();
        string output = NewTopic();
        string group = Unique("group");
        await Write(Out(topic, 0, "k", "1"), Out(topic, 0, "k", "2"), Out(topic, 3, "k", "3"));
        TestMember first = NewMember(group, topic);
        await Drive(() => first.Records.Count == 3, "all three records", first);
        ConsumedRecord read = first.Records.First(r => r.Partition.Partition == 0);

        NewProducer().Commit(
            [Out(output, 0, "k", "done")], new Dictionary<TopicPartition, long> { [read.Partition] = read.Offset + 1 }, first.Consumer.Membership);
        first.Dispose();
        TestMember second = NewMember(group, topic);
        await Drive(() => second.Records.Count == 2, "the two records that were not committed", second);

        Assert.Equal(["2", "3"], second.Values.Order());
        Assert.Single(await ReadAll(PartitionsOf(output)));
    }

    [BusFact]
    public async Task Failed_commit_moves_no_offset()
    {
        string topic = NewTopic();
        await Write(Out(topic, 0, "k", "1"));
        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Records.Count == 1, "the record", member);
        ITransactionalProducer producer = NewProducer();

        Assert.Throws<RecordRefusedException>(() => producer.Commit(
            [new OutgoingRecord(new TopicPartition(topic, 1), [1], new byte[TooManyBytes])], member.Consumed, member.Consumer.Membership));
        member.Consumer.Rewind();
        await Drive(() => member.Records.Count == 2, "the record once more", member);

        Assert.Equal(["1", "1"], member.Values);
    }

    [BusFact]
    public async Task Member_knows_of_each_partition_whether_it_was_given_all_that_was_there()
    {
        string topic = NewTopic();
        await Write(Out(topic, 0, "k", "1"), Out(topic, 0, "k", "2"));
        var partition = new TopicPartition(topic, 0);
        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Owned.Count == Bus.PartitionCount(topic), "all partitions", member);
        await Drive(() => member.Records.Count == 2 && PartitionsOf(topic).All(member.Consumer.IsAtEnd), "both records, and the end of every partition", member);

        member.Consumer.Rewind();
        Assert.False(member.Consumer.IsAtEnd(partition), "both records are to come again");
        await Eventually(() => member.Records.Count > 2, () => $"lacked: one of them; {member}", () => member.Poll(recordsMax: 1));
        Assert.False(member.Consumer.IsAtEnd(partition), "the other one is to come");
        await Drive(() => member.Records.Count == 4 && member.Consumer.IsAtEnd(partition), "both records and the end once more", member);

        await Write(Out(topic, 0, "k", "3"));
        await Drive(() => member.Records.Count == 5, "the third record", member);
        await Drive(() => member.Consumer.IsAtEnd(partition), "the end behind it", member);

        member.Consumer.Pause([partition]);
        member.Consumer.Resume([partition]);
        await Drive(() => member.Consumer.IsAtEnd(partition), "the end, where nothing has come since the pause", member);
    }

    [BusFact]
    public async Task Rewind_delivers_again_what_was_not_committed_and_only_that()
    {
        string topic = NewTopic();
        await Write(Out(topic, 0, "k", "1"), Out(topic, 1, "k", "2"));
        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Records.Count == 2, "both records", member);
        NewProducer().Commit([], member.Consumed, member.Consumer.Membership);
        await Write(Out(topic, 0, "k", "3"), Out(topic, 1, "k", "4"));
        await Drive(() => member.Records.Count == 4, "the later records", member);

        member.Consumer.Rewind();
        await Drive(() => member.Records.Count == 6, "the later records again", member);

        Assert.Equal(["3", "4"], member.Values.Skip(4).Order());
    }

    [BusFact]
    public async Task Position_is_the_committed_offset_after_assignment_and_rewind_and_fences_work_without_records()
    {
        string topic = NewTopic();
        string group = Unique("group");
        TopicPartition place = new(topic, 0);
        await Write(Out(topic, 0, "k", "1"), Out(topic, 0, "k", "2"));
        TestMember first = NewMember(group, topic);
        await Drive(() => first.Records.Count == 2, "both records", first);
        long second = first.Records[1].Offset;
        Assert.Equal(second + 1, first.Consumer.Position(place));
        ITransactionalProducer producer = NewProducer();
        producer.Commit([], new Dictionary<TopicPartition, long> { [place] = second }, first.Consumer.Membership);
        first.Consumer.Rewind();
        Assert.Equal(second, first.Consumer.Position(place));
        Dictionary<TopicPartition, long> position = new() { [place] = first.Consumer.Position(place) };
        GroupMembership membership = first.Consumer.Membership;
        first.Dispose();

        TestMember heir = NewMember(group, topic);
        await Drive(() => heir.Records.Count == 1, "the record that was not committed", heir);

        Assert.Throws<MessagingFencedException>(() => producer.Commit([Out(topic, 1, "k", "timer of a zombie")], position, membership));
        Assert.Empty(await ReadAll(new TopicPartition(topic, 1)));
    }

    [BusFact]
    public async Task Paused_partition_delivers_nothing_until_it_is_resumed()
    {
        string topic = NewTopic();
        TopicPartition paused = new(topic, 1);
        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Owned.Count == Bus.PartitionCount(topic), "all partitions", member);

        member.Consumer.Pause([paused]);
        await Write(Out(topic, 1, "k", "held"), Out(topic, 2, "k", "free"));
        await Drive(() => member.Records.Count > 0, "the record of the other partition", member);
        await Write(Out(topic, 2, "k", "free too"));
        await Drive(() => member.Records.Count > 1, "the second record of the other partition", member);
        Assert.Equal(["free", "free too"], member.Values);

        member.Consumer.Resume([paused]);
        await Drive(() => member.Records.Count == 3, "the held record", member);
        Assert.Equal("held", member.Values.Last());
    }

    [BusFact]
    public async Task Poll_gives_no_more_records_than_asked_for_and_loses_none()
    {
        string topic = NewTopic();
        await Write([.. Enumerable.Range(0, 50).Select(i => Out(topic, i % 2, "k", $"{i}"))]);
        TestMember member = NewMember(Unique("group"), topic);

        int before = 0;
        await Eventually(() => member.Records.Count == 50, () => $"lacked records: {member}", () =>
        {
            member.Poll(recordsMax: 7);
            Assert.InRange(member.Records.Count - before, 0, 7);
            before = member.Records.Count;
        });

        Assert.Equal(Enumerable.Range(0, 50).Where(i => i % 2 == 0).Select(i => $"{i}"), member.Records.Where(r => r.Partition.Partition == 0).Select(r => Text(r.Value)));
    }

    [BusFact]
    public async Task Wakeup_ends_a_waiting_poll_and_a_new_record_does_too()
    {
        string topic = NewTopic();
        TestMember member = NewMember(Unique("group"), topic);
        await Drive(() => member.Owned.Count == Bus.PartitionCount(topic), "all partitions", member);

        Task<IReadOnlyList<ConsumedRecord>> poll = Task.Run(() => member.Consumer.Poll(10, TimeSpan.FromHours(1)));
        member.Consumer.Wakeup();
        Assert.Empty(await poll.WaitAsync(Patience));

        poll = Task.Run(() => member.Consumer.Poll(10, TimeSpan.FromHours(1)));
        await Write(Out(topic, 4, "k", "v"));
        Assert.Equal("v", Text(Assert.Single(await poll.WaitAsync(Patience)).Value));
    }

    [BusFact]
    public async Task Joining_member_gets_its_share_and_only_moved_partitions_are_revoked()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        TestMember first = NewMember(group, topic);
        await Drive(() => first.Owned.Count == all, "all partitions for the first", first);

        TestMember second = NewMember(group, topic);
        await Drive(() => second.Owned.Count == all / 2, "half of the partitions for the second", first, second);

        Assert.Equal(all - (all / 2), first.Owned.Count);
        Assert.Equal(second.Owned, first.Revoked.ToHashSet());
        Assert.Equal(all / 2, first.Revoked.Count);
        Assert.Empty(first.Lost);
        Assert.Equal(all, first.Assigned.Count);

        TestMember third = NewMember(group, topic);
        await Drive(() => third.Owned.Count >= all / 3 && Total(first, second, third) == all, "a third for the third", first, second, third);
        Assert.InRange(first.Owned.Count, all / 3, (all / 3) + 1);
        Assert.InRange(second.Owned.Count, all / 3, (all / 3) + 1);
    }

    [BusFact]
    public async Task Partitions_of_a_leaving_member_go_to_the_others_who_keep_their_own()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        TestMember stays = NewMember(group, topic);
        TestMember leaves = NewMember(group, topic);
        await Drive(() => Total(stays, leaves) == all && leaves.Owned.Count == all / 2, "a fair share for both", stays, leaves);
        int revokedBefore = stays.Revoked.Count;

        leaves.Dispose();
        await Drive(() => stays.Owned.Count == all, "all partitions for who stays", stays);

        Assert.Empty(leaves.Owned);
        Assert.Empty(leaves.Lost);
        Assert.Equal(revokedBefore, stays.Revoked.Count);
    }

    [BusFact]
    public async Task Revoked_partition_moves_only_after_its_owner_let_go_and_what_it_commits_in_the_end_counts()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", "before"))]);
        ITransactionalProducer producer = NewProducer();
        TestMember first = NewMember(group, topic);
        TestMember second = NewMember(group, topic);
        await Drive(() => first.Records.Count == all, "all records for the first", first);
        first.BeforeRevoked = partitions =>
        {
            Assert.Empty(second.Owned.Intersect(partitions));
            producer.Commit([], first.Consumed, first.Consumer.Membership);
        };

        await Drive(() => second.Owned.Count == all / 2, "half of the partitions for the second", first, second);
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", "after"))]);
        await Drive(() => second.Records.Count == all / 2, "the new records for the second", first, second);

        Assert.All(second.Values, v => Assert.Equal("after", v));
    }

    [BusFact]
    public async Task Silent_member_is_evicted_cannot_commit_and_learns_of_it_at_its_next_poll()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", "v"))]);
        TestMember zombie = NewMember(group, topic);
        await Drive(() => zombie.Records.Count == all, "all records for the one", zombie);
        (GroupMembership membership, Dictionary<TopicPartition, long> consumed) = (zombie.Consumer.Membership, zombie.Consumed);
        ITransactionalProducer producer = NewProducer();
        TestMember heir = NewMember(group, topic);
        heir.Poll();

        await PassMemberTimeout();
        await Drive(() => heir.Records.Count == all, "all records for the heir", heir);

        Assert.Throws<MessagingFencedException>(() => producer.Commit([Out(topic, 0, "k", "zombie")], consumed, membership));
        zombie.Poll();
        Assert.Equal(1, zombie.TimesFenced);
        Assert.Equal(all, zombie.Lost.Count);
        Assert.Empty(zombie.Consumer.Assignment);
        Assert.Empty(zombie.Revoked);
        await Drive(() => zombie.Owned.Count == all / 2, "a fair share after joining anew", zombie, heir);
        Assert.DoesNotContain("zombie", (await ReadAll(PartitionsOf(topic))).Select(r => Text(r.Value)));
    }

    [BusFact]
    public async Task Membership_from_before_a_partition_was_lost_commits_nothing_even_when_the_partition_came_back()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        await Write([.. PartitionsOf(topic).Select(p => Out(topic, p.Partition, "k", "v"))]);
        TestMember first = NewMember(group, topic);
        await Drive(() => first.Records.Count == all, "all records", first);
        (GroupMembership membership, Dictionary<TopicPartition, long> consumed) = (first.Consumer.Membership, first.Consumed);
        TestMember second = NewMember(group, topic);
        await Drive(() => second.Owned.Count == all / 2, "half for the second", first, second);
        second.Dispose();
        await Drive(() => first.Owned.Count == all, "all partitions again", first);

        Assert.Throws<MessagingFencedException>(() => NewProducer().Commit([], consumed, membership));
        NewProducer().Commit([], consumed, first.Consumer.Membership);
    }

    [BusFact]
    public async Task Member_cannot_commit_a_partition_that_is_not_its_own()
    {
        string topic = NewTopic();
        string group = Unique("group");
        int all = Bus.PartitionCount(topic);
        TestMember first = NewMember(group, topic);
        TestMember second = NewMember(group, topic);
        await Drive(() => Total(first, second) == all && second.Owned.Count == all / 2, "a fair share for both", first, second);

        GroupMembership zombie = first.Consumer.Membership with { MemberId = "somebody else" };

        Assert.Throws<MessagingFencedException>(() => NewProducer().Commit(
            [], new Dictionary<TopicPartition, long> { [first.Owned.First()] = 1 }, zombie));
    }

    [BusFact]
    public async Task Refused_transaction_does_not_fail_those_that_come_with_it()
    {
        string topic = NewTopic();
        ITransactionalProducer fenced = NewProducer("fenced" + topic);
        NewProducer("fenced" + topic);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() =>
        {
            if (i % 10 == 0)
            {
                lock (fenced)
                {
                    Assert.Throws<MessagingFencedException>(() => fenced.Commit([Out(topic, 0, "k", "zombie")], NoOffsets, null));
                }
            }
            else
            {
                using IBatchProducer producer = Bus.OpenProducer("healthy");
                producer.WriteAsync([Out(topic, 0, "k", "healthy")]).GetAwaiter().GetResult();
            }
        }))).WaitAsync(Patience);

        List<ConsumedRecord> records = await ReadAll(PartitionsOf(topic));
        Assert.Equal(90, records.Count);
        Assert.All(records, r => Assert.Equal("healthy", Text(r.Value)));
    }

    private static int Total(params TestMember[] members) => members.Sum(m => m.Owned.Count);
}
