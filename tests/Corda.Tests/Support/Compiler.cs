using Corda.Flows;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Corda.Tests.Support;

/// <summary>Compiles flow code on the fly, against the SDK and the runtime.</summary>
internal static class Compiler
{
    private const string Usings = "using System; using System.Collections.Generic; using System.Linq; using System.Threading.Tasks; using Corda.Flows;\n";

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. RuntimeReferences(), MetadataReference.CreateFromFile(typeof(FlowTask).Assembly.Location)]);

    /// <summary>A compilation of the source; the usual namespaces are in scope.</summary>
    public static CSharpCompilation Compile(string source, string assemblyName = "Snippet", params IEnumerable<MetadataReference> more) => CSharpCompilation.Create(
        assemblyName,
        [CSharpSyntaxTree.ParseText(Usings + source)],
        [.. References.Value, .. more],
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, deterministic: true));

    /// <summary>Compiles the source to a dll of that name in the folder, and answers its path.</summary>
    public static string CompileTo(string folder, string assemblyName, string source, params IEnumerable<string> references)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, assemblyName + ".dll");
        var result = Compile(source, assemblyName, references.Select(r => MetadataReference.CreateFromFile(r))).Emit(path);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics));
        return path;
    }

    private static IEnumerable<MetadataReference> RuntimeReferences() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
}
