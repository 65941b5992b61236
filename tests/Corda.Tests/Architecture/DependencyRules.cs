using System.Xml.Linq;
using Corda.Flows;
using Corda.Samples;
using Corda.Tests.Support;
using Corda.Workers;
using Assembly = System.Reflection.Assembly;
using IType = ArchUnitNET.Domain.IType;

namespace Corda.Tests.Architecture;

/// <summary>Which part may use which. Every failure names both types.</summary>
public sealed class DependencyRules
{
    private const string Workers = "Corda.Workers";
    private const string Planted = "Corda.Tests.Architecture.Planted";

    /// <summary>Folders that any role may use. Every other folder is a role's.</summary>
    private static readonly string[] Shared = ["Contracts", "Messaging", "Packaging", "Storage", "Diagnostics", "Cluster"];

    private static readonly string[] AmbientMembers =
    [
        "System.DateTime::get_UtcNow", "System.DateTime::get_Now", "System.DateTimeOffset::get_UtcNow", "System.DateTimeOffset::get_Now",
        "System.Guid::NewGuid", "System.Random::get_Shared",
    ];

    public static TheoryData<string, string[]> OnlyIn { get; } = new()
    {
        { "Microsoft.Data.Sqlite", ["Corda.Workers.Storage", "Corda.Workers.Messaging.Bus.Embedded", "Corda.Workers.Messaging.StateAndEvent.Store"] },
        { "Dapper", ["Corda.Workers.Storage"] },
        { "Npgsql", ["Corda.Workers.Storage"] },
        { "Confluent.Kafka", ["Corda.Workers.Messaging.Bus.Kafka"] },
        { "Microsoft.AspNetCore", ["Corda.Host"] },
        { "Swashbuckle", ["Corda.Host"] },
    };

    [Fact]
    public void Projects_reference_in_one_direction_and_samples_see_only_the_SDK()
    {
        Assert.Equal([], Ours(typeof(FlowTask).Assembly));
        Assert.Equal(["Corda.Flows.Sdk"], Ours(typeof(PingPong).Assembly));
        Assert.Equal(["Corda.Flows.Sdk"], Ours(typeof(WorkerRole).Assembly));
        Assert.Subset(new HashSet<string>(["Corda.Flows.Sdk", "Corda.Workers"]), Ours(typeof(Program).Assembly).ToHashSet());
    }

    [Fact]
    public void The_SDK_needs_nothing_but_the_runtime()
    {
        Assert.All(typeof(FlowTask).Assembly.GetReferencedAssemblies(), a => Assert.StartsWith("System.", a.Name, StringComparison.Ordinal));
        Assert.All(typeof(PingPong).Assembly.GetReferencedAssemblies(), a => Assert.Matches("^(System\\.|Corda\\.Flows\\.Sdk$)", a.Name));
        XDocument project = XDocument.Parse(Repository.Read("Corda.Flows.Sdk/Corda.Flows.Sdk.csproj"));
        Assert.Empty(project.Descendants("PackageReference"));
        Assert.All(project.Descendants("ProjectReference"), r => Assert.Equal("false", (string?)r.Attribute("ReferenceOutputAssembly")));
    }

    [Fact]
    public void Messaging_knows_no_domain_type() => Expect.None(Dependencies.OfProduct.Uses(
        from: type => Dependencies.IsIn(type, $"{Workers}.Messaging"),
        to: type => Dependencies.IsIn(type, "Corda") && !Dependencies.IsIn(type, $"{Workers}.Messaging") && !Dependencies.IsIn(type, $"{Workers}.Diagnostics")));

    [Fact]
    public void Contracts_know_only_the_SDK_and_what_a_topic_is()
    {
        string[] allowed = ["Topic", "Topic`1", "ICodec`1", "Routing", "Cleanup", "MalformedRecordException"];
        Expect.None(Dependencies.OfProduct.Uses(
            from: type => Dependencies.IsIn(type, $"{Workers}.Contracts"),
            to: type => Dependencies.IsIn(type, Workers)
                && !Dependencies.IsIn(type, $"{Workers}.Contracts")
                && !(Dependencies.IsIn(type, $"{Workers}.Messaging") && allowed.Contains(type.Name))
                && type.FullName != $"{Workers}.WorkerRole"));
    }

    [Fact]
    public void Roles_meet_only_in_topics()
    {
        Expect.None(RolesThatMeet(Dependencies.OfProduct, Workers));
        Assert.Contains(RolesThatMeet(Dependencies.OfTests, Planted), found => found.Contains("Planted.Rpc.Intruder uses", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_role_folder_is_a_role()
    {
        string[] roles = [.. RoleFolders(Dependencies.OfProduct, Workers)];

        Assert.Subset(Enum.GetNames<WorkerRole>().ToHashSet(), roles.ToHashSet());
        Assert.NotEmpty(roles);
    }

    [Fact]
    public void Shared_folders_use_no_role()
    {
        foreach (string role in RoleFolders(Dependencies.OfProduct, Workers))
        {
            Expect.None(Dependencies.OfProduct.Uses(
                from: type => Shared.Any(shared => Dependencies.IsIn(type, $"{Workers}.{shared}")),
                to: type => Dependencies.IsIn(type, $"{Workers}.{role}")));
        }
    }

    [Theory]
    [MemberData(nameof(OnlyIn))]
    public void A_library_stays_behind_its_seam(string library, string[] places) => Expect.None(Outside(Dependencies.OfProduct, library, places));

    [Fact]
    public void The_rule_about_libraries_sees_one_that_has_left() =>
        Assert.NotEmpty(Outside(Dependencies.OfTests, "System.Net.Http", ["Corda.Tests.Host"]));

    [Fact]
    public void Processors_and_handlers_are_pure()
    {
        Expect.None(Impure(Dependencies.OfProduct, type =>
            Dependencies.IsIn(type, $"{Workers}.Flow.Events") || Dependencies.IsIn(type, $"{Workers}.Flow.Waiting")
            || (Dependencies.IsIn(type, $"{Workers}.Flow") && type.Name.EndsWith("Processor", StringComparison.Ordinal))));
        string[] found = Impure(Dependencies.OfTests, type => Dependencies.IsIn(type, Planted) && type.Name.EndsWith("Processor", StringComparison.Ordinal));
        Assert.Contains(found, use => use.Contains("ImpureProcessor uses System.Net.Http.HttpClient", StringComparison.Ordinal));
        Assert.Contains(found, use => use.Contains("ImpureProcessor uses System.Threading.Tasks.Task", StringComparison.Ordinal));
    }

    [Fact]
    public void Time_ids_and_chance_come_from_outside()
    {
        Expect.None(Ambient(Dependencies.OfProduct, type => Dependencies.IsIn(type, "Corda")));
        Assert.NotEmpty(Ambient(Dependencies.OfTests, type => Dependencies.IsIn(type, Planted)));
    }

    private static string[] Ours(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(name => name.StartsWith("Corda.", StringComparison.Ordinal)).Order()];

    private static IEnumerable<string> RoleFolders(Dependencies code, string root) => code.Namespaces(root)
        .Where(name => name.Length > root.Length).Select(name => name[(root.Length + 1)..].Split('.')[0]).Distinct().Except(Shared);

    private static string[] RolesThatMeet(Dependencies code, string root)
    {
        string[] roles = [.. RoleFolders(code, root)];
        return [.. roles.SelectMany(role => code.Uses(
            from: type => Dependencies.IsIn(type, $"{root}.{role}"),
            to: type => roles.Any(other => other != role && Dependencies.IsIn(type, $"{root}.{other}"))))];
    }

    private static string[] Outside(Dependencies code, string library, string[] places) => code.Uses(
        from: type => Dependencies.IsIn(type, "Corda") && !places.Any(place => Dependencies.IsIn(type, place)) && type.FullName != nameof(Program),
        to: type => Dependencies.IsIn(type, library));

    private static string[] Impure(Dependencies code, Func<IType, bool> which) => code.Uses(which, type =>
        Dependencies.IsIn(type, $"{Workers}.Storage") || Dependencies.IsIn(type, $"{Workers}.Messaging.Bus")
        || Dependencies.IsIn(type, "System.Net") || Dependencies.IsIn(type, "System.Threading.Tasks")
        || type.FullName is "System.IO.File" or "System.IO.Directory" or "System.IO.FileStream");

    private static string[] Ambient(Dependencies code, Func<IType, bool> which) => code.Calls(which, member =>
        AmbientMembers.Any(ambient => member.Contains(ambient, StringComparison.Ordinal)));
}
