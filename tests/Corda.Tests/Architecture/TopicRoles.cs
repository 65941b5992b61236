using System.Reflection;
using Corda.Tests.Support;
using Corda.Workers.Contracts;
using Corda.Workers.Messaging;

namespace Corda.Tests.Architecture;

/// <summary>The table of topics is whole, and the code keeps to it.</summary>
public sealed class TopicRoles
{
    [Fact]
    public void Every_topic_stands_in_the_table_with_roles()
    {
        Topic[] declared = [.. typeof(Topics).GetFields(BindingFlags.Static | BindingFlags.Public).Select(f => f.GetValue(null)).OfType<Topic>()];

        Assert.NotEmpty(declared);
        Assert.Equal(declared.Select(t => t.Name).Order(), Topics.All.Select(use => use.Topic.Name).Order());
        Assert.All(Topics.All, use => Assert.True(use.Producers.Count > 0 && use.Consumers.Count > 0, $"{use.Topic.Name} has nobody who writes or reads it."));
    }

    [Fact]
    public void Topic_names_are_unique_lower_case_and_dotted()
    {
        Assert.Equal(Topics.All.Count, Topics.All.Select(use => use.Topic.Name).Distinct().Count());
        Assert.All(Topics.All, use => Assert.Matches("^[a-z0-9]+(\\.[a-z0-9]+)+$", use.Topic.Name));
    }

    [Fact]
    public void State_topics_are_compacted_and_routed_as_their_events()
    {
        foreach (Topic state in Topics.All.Select(use => use.Topic).Where(t => t.Name.EndsWith(".state", StringComparison.Ordinal)))
        {
            Topic events = Assert.Single(Topics.All, use => use.Topic.Name == state.Name[..^".state".Length]).Topic;
            Assert.Equal((Cleanup.Compact, events.Routing), (state.Cleanup, state.Routing));
        }
    }

    [Fact]
    public void A_role_uses_only_the_topics_it_is_listed_for()
    {
        Expect.None(Strangers(Dependencies.OfProduct, "Corda.Workers"));

        // Only db, rpc and flow know the virtual nodes' topic: as role "Rpc" the planted class may, as "P2P" nobody may.
        Assert.Single(Strangers(Dependencies.OfTests, "Corda.Tests.Architecture.Planted", folder => folder == "Rpc" ? "P2P" : folder));
    }

    private static string[] Strangers(Dependencies code, string root, Func<string, string>? roleOf = null)
    {
        Dictionary<string, TopicUse> byField = typeof(Topics).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Where(f => f.GetValue(null) is Topic).ToDictionary(f => f.Name, f => Topics.All.Single(use => ReferenceEquals(use.Topic, f.GetValue(null))));
        return
        [
            .. from read in code.Reads(typeof(Topics).FullName!)
               let space = Dependencies.NamespaceOf(read.Reader)
               where Dependencies.IsIn(space, root) && space.Length > root.Length
               let folder = space[(root.Length + 1)..].Split('.')[0]
               let role = roleOf is null ? folder : roleOf(folder)
               where folder != "Cluster" // Part of every role: its topic is for all of them.
               from use in byField.Where(f => read.Field.Contains(f.Key, StringComparison.Ordinal) && read.Field.EndsWith(f.Key, StringComparison.Ordinal)).Select(f => f.Value)
               where !use.Producers.Concat(use.Consumers).Any(r => r.ToString() == role)
               select $"{read.Reader.FullName} uses {use.Topic.Name}, and {role} is not listed for it in Topics",
        ];
    }
}
