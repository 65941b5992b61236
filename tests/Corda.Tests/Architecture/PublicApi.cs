using System.Reflection;
using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Tests.Support;
using MemberInfo = System.Reflection.MemberInfo;

namespace Corda.Tests.Architecture;

/// <summary>What flow authors compile against changes only on purpose.</summary>
public sealed class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void The_surface_of_the_SDK_is_the_approved_one() => Approved.Check(
        "PublicApi.approved.txt",
        Listing(typeof(FlowTask).Assembly.GetExportedTypes()),
        "Flow packages already built are bound to this surface: adding is fine, changing or removing breaks them.");

    [Fact]
    public void The_listing_sees_what_is_public_and_nothing_else()
    {
        string listing = Listing([typeof(MemberX500Name), typeof(FlowFiber)]);

        Assert.Contains("static MemberX500Name Parse(String text)", listing, StringComparison.Ordinal);
        Assert.Contains("String Organization { get; }", listing, StringComparison.Ordinal);
        Assert.DoesNotContain("canonical", listing, StringComparison.Ordinal);
        Assert.DoesNotContain("Pending", listing, StringComparison.Ordinal);
    }

    private static string Listing(IEnumerable<Type> types) => string.Concat(types.OrderBy(t => t.FullName, StringComparer.Ordinal).Select(type =>
        $"{Kind(type)} {type.Namespace}.{Name(type)}{Bases(type)}\n"
        + string.Concat(type.GetMembers(Declared).Select(Member).OfType<string>().Order(StringComparer.Ordinal).Select(member => $"    {member}\n"))));

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
        : (type.IsAbstract, type.IsSealed) switch { (true, true) => "static class", (true, _) => "abstract class", (_, true) => "sealed class", _ => "class" };

    private static string Bases(Type type)
    {
        string[] bases = [.. new[] { type.BaseType }.Where(b => b is not null && b != typeof(object) && b != typeof(ValueType) && b != typeof(Enum)).Select(b => Name(b!))];
        return bases.Length == 0 ? "" : $" : {string.Join(", ", bases)}";
    }

    private static string? Member(MemberInfo member) => member switch
    {
        MethodInfo { IsSpecialName: false } m when IsSeen(m) && !m.Name.Contains('<', StringComparison.Ordinal) => $"{Static(m)}{Name(m.ReturnType)} {m.Name}{Generics(m)}({Parameters(m)})",
        ConstructorInfo c when IsSeen(c) => $"new({Parameters(c)})",
        PropertyInfo p when Accessors(p) is { Length: > 0 } accessors => $"{Name(p.PropertyType)} {p.Name} {{ {string.Join(' ', accessors)} }}",
        FieldInfo f when (f.IsPublic || f.IsFamily) && !f.IsSpecialName => $"{(f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}",
        _ => null,
    };

    private static string[] Accessors(PropertyInfo p) =>
        [.. new[] { (p.GetMethod, "get;"), (p.SetMethod, IsInit(p) ? "init;" : "set;") }.Where(a => a.Item1 is not null && IsSeen(a.Item1)).Select(a => a.Item2)];

    private static bool IsInit(PropertyInfo p) => p.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)) == true;

    private static bool IsSeen(MethodBase m) => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly;

    private static string Static(MethodInfo m) => m.IsStatic ? "static " : m.IsAbstract && !m.DeclaringType!.IsInterface ? "abstract " : "";

    private static string Generics(MethodInfo m) => m.IsGenericMethod ? $"<{string.Join(", ", m.GetGenericArguments().Select(a => a.Name))}>" : "";

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}{(p.IsOptional ? " = default" : "")}"));

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;
}
