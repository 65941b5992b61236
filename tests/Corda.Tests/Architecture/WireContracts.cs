using System.Reflection;
using Corda.Tests.Support;
using Corda.Workers;
using Corda.Workers.Contracts;
using MemoryPack;

namespace Corda.Tests.Architecture;

/// <summary>What stands in a topic is read by workers of other versions: the contracts change only in ways that these can bear.</summary>
public sealed class WireContracts
{
    [Fact]
    public void The_wire_contracts_are_the_approved_ones()
    {
        string now = string.Concat(Lines(typeof(WorkerRole).Assembly).Select(line => line + "\n"));
        string[] broken = Incompatible(Approved.Read("WireContracts.approved.txt").Split('\n'), now.Split('\n'));

        Assert.True(
            broken.Length == 0 || Environment.GetEnvironmentVariable("CORDA_APPROVE") == "1",
            $"Incompatible with records already written:\n{string.Join('\n', broken)}\n"
            + "Members keep their order number, name and type for ever, and union tags their meaning: add a new member or tag instead. "
            + "If it must be, raise the version byte of ContractCodec and read both versions.");
        Approved.Check("WireContracts.approved.txt", now, "Only additions: older workers will skip what they do not know. Make sure that is right.");
    }

    [Theory]
    [InlineData("A 1 Name String", "A 1 Name Int32", false)]
    [InlineData("A 1 Name String", "A 2 Name String", false)]
    [InlineData("A 1 Name String", "A 1 Title String", false)]
    [InlineData("A 1 Name String", "", false)]
    [InlineData("A 1 Name String", "A 1 Name String|A 2 More Int32", true)]
    [InlineData("A 1 Name String", "A 1 Name String|B 0 New Int32", true)]
    public void Only_additions_are_compatible(string before, string now, bool compatible) =>
        Assert.Equal(compatible, Incompatible(before.Split('|'), now.Split('|')).Length == 0);

    [Fact]
    public void Every_member_has_an_order_of_its_own() => Expect.None(Lines(typeof(WorkerRole).Assembly)
        .Where(line => line.Contains(" ? ", StringComparison.Ordinal)).Select(line => $"{line}: give it a [MemoryPackOrder]"));

    [Fact]
    public void Every_time_is_written_as_ticks() => Expect.None(
        from type in typeof(WorkerRole).Assembly.GetTypes()
        where type.IsDefined(typeof(MemoryPackableAttribute), inherit: false)
        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
        where Bare(property.PropertyType) == typeof(DateTimeOffset) && property.IsDefined(typeof(MemoryPackOrderAttribute))
            && !property.IsDefined(typeof(UtcTicksAttribute)) && !property.IsDefined(typeof(UtcTicksOrNoneAttribute))
        select $"{type.Name}.{property.Name}: give it [UtcTicks], else what lies in memory between the fields of the struct is written, too");

    private static string[] Incompatible(IEnumerable<string> before, IEnumerable<string> now) => [.. before.Where(line => line.Length > 0).Except(now)];

    private static IEnumerable<string> Lines(Assembly assembly)
    {
        Type[] contracts = [.. assembly.GetTypes().Where(type => type.IsDefined(typeof(MemoryPackableAttribute), inherit: false))];
        Type[] plain = [.. contracts.SelectMany(Members).Select(Bare).Where(type => type.Assembly == assembly && type.IsValueType && !contracts.Contains(type)).Distinct()];
        return contracts.SelectMany(Contract).Concat(plain.SelectMany(Plain)).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Contract(Type type) =>
    [
        .. type.GetCustomAttributes<MemoryPackUnionAttribute>().Select(union => $"{Name(type)} is {union.Tag} {Name(union.Type)}"),
        .. MembersOf(type).Select(member => $"{Name(type)} {member.Order?.ToString() ?? "?"} {member.Name} {Name(member.Type)}"),
    ];

    // Enums and plain structs are written as their bits.
    private static IEnumerable<string> Plain(Type type) => type.IsEnum
        ? Enum.GetNames(type).Select(name => $"{Name(type)} {Convert.ToInt64(Enum.Parse(type, name))} {name}")
        : type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Select((field, i) => $"{Name(type)} {i} {field.Name.Trim('<').Split('>')[0]} {Name(field.FieldType)}");

    private static IEnumerable<Type> Members(Type type) => MembersOf(type).Select(member => member.Type);

    private static IEnumerable<(int? Order, string Name, Type Type)> MembersOf(Type type) => type.IsAbstract ? [] : type
        .GetProperties(BindingFlags.Instance | BindingFlags.Public)
        .Where(p => !p.IsDefined(typeof(MemoryPackIgnoreAttribute)) && p.Name != "EqualityContract")
        .Select(p => (p.GetCustomAttribute<MemoryPackOrderAttribute>()?.Order, p.Name, p.PropertyType));

    private static Type Bare(Type type) => Nullable.GetUnderlyingType(type) ?? (type.IsArray ? type.GetElementType()! : type);

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
