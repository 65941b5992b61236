namespace Corda.Workers.Messaging.Bus.Kafka;

/// <summary>
/// The ids that a member has in its group, one after the other. A client that was out of reach for the session timeout joins under a new one and forgets the
/// old, which the brokers still wait for: it is left behind. (With the consumer protocol a client keeps its id.) Used by the polling thread.
/// </summary>
internal sealed class MemberIds(string group, Action<GroupMemberId> leaveBehind)
{
    private string last = "";

    /// <summary>The id at this moment, empty for none.</summary>
    public void Note(string now)
    {
        if (last.Length > 0 && last != now)
        {
            leaveBehind(new GroupMemberId(group, last));
        }

        last = now;
    }
}
