using System.Reflection;
using System.Runtime.InteropServices;
using Corda.Flows;

namespace Corda.Workers.Packaging;

/// <summary>The assemblies that packages share with the worker: the SDK and the runtime's own. Everything else a package brings itself.</summary>
internal static class SharedAssemblies
{
    private static readonly Assembly SdkAssembly = typeof(FlowTask).Assembly;
    private static readonly string[] RuntimePrefixes =
        ["System", "Microsoft.CSharp", "Microsoft.VisualBasic", "Microsoft.Win32.", "WindowsBase", "mscorlib", "netstandard"];

    /// <summary>The SDK that this worker runs.</summary>
    public static AssemblyName Sdk { get; } = SdkAssembly.GetName();

    public static bool Contains(string assemblyName) => assemblyName == Sdk.Name || IsRuntime(assemblyName);

    // The folder alone does not tell: where the runtime is published with the program, the worker's own libraries stand in it too.
    private static bool IsRuntime(string assemblyName) =>
        Array.Exists(RuntimePrefixes, prefix => assemblyName.StartsWith(prefix, StringComparison.Ordinal))
        && File.Exists(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), assemblyName + ".dll"));
}
