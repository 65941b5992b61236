using System.Runtime.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>
/// A type's place in the tables is part of every saved flow. New types go to the end; anything else raises the format's version. After an
/// addition run the tests once with APPROVE=1 and commit the file.
/// </summary>
public sealed class TypeTables
{
    [Fact]
    public void The_framework_table_only_grows_at_its_end() => Approved("FrameworkTypes.approved.txt", FrameworkTypeTable.Describe());

    [Fact]
    public void The_sdk_table_only_grows_at_its_end_and_keeps_its_fields_in_debug_and_release_builds() =>
        Approved("SdkTypes.approved.txt", SdkTypeTable.Describe());

    [Fact]
    public void Every_type_of_the_tables_has_a_code_of_its_own()
    {
        var codes = new TypeCodes([]);
        IEnumerable<Type> types = Enumerable.Range(0, FrameworkTypeTable.Describe().Count()).Select(FrameworkTypeTable.At)
            .Concat(Enumerable.Range(0, SdkTypeTable.Describe().Count()).Select(SdkTypeTable.At)).Where(type => !type.IsGenericTypeDefinition);
        foreach (Type type in types) Assert.Equal(type, codes.DecodeType(codes.Encode(type)));
        Type nested = typeof(Dictionary<string, List<(int, int[][,])>>);
        Assert.Equal(nested, codes.DecodeType(codes.Encode(nested)));
    }

    private static void Approved(string file, IEnumerable<string> lines, [CallerFilePath] string source = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(source)!, file);
        string found = string.Join('\n', lines) + "\n";
        if (Environment.GetEnvironmentVariable("APPROVE") == "1") File.WriteAllText(path, found);
        Assert.Equal(File.ReadAllText(path), found);
    }
}
