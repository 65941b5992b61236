using System.Reflection;
using System.Runtime.Loader;

namespace Corda.Workers.Packaging;

/// <summary>
/// One package's own world: its assemblies and private libraries, beside those of other packages and of the worker. Only the SDK and the
/// runtime are shared.
/// </summary>
/// <remarks>Never unloaded: flows and their saved frames may need the types as long as the process lives.</remarks>
internal sealed class PackageLoadContext : AssemblyLoadContext
{
    private readonly Dictionary<string, Assembly> own = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Loads all of the package at once.</summary>
    /// <exception cref="BadImageFormatException">A file is no assembly.</exception>
    public PackageLoadContext(PackageContent content)
        : base($"flow package {content.Hash}")
    {
        var assemblies = new List<Assembly>(content.Files.Count);
        foreach (PackageFile file in content.Files)
        {
            Assembly assembly = LoadFromStream(new MemoryStream(file.Bytes), file.Symbols is null ? null : new MemoryStream(file.Symbols));
            assemblies.Add(assembly);
            own[assembly.GetName().Name!] = assembly;
        }

        PackageAssemblies = assemblies;
    }

    /// <summary>The package's assemblies, the main one first.</summary>
    public IReadOnlyList<Assembly> PackageAssemblies { get; }

    /// <summary>Whether code of the package can use this assembly.</summary>
    public bool Offers(AssemblyName name) => own.ContainsKey(name.Name!) || SharedAssemblies.Contains(name.Name!);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (own.TryGetValue(assemblyName.Name!, out Assembly? assembly)) return assembly;

        // Null would go on to the worker's own libraries: a flow must not depend on what its host happens to use.
        return SharedAssemblies.Contains(assemblyName.Name!) ? null : throw new FileNotFoundException(
            $"{assemblyName.Name} is neither in the flow package nor shared by the platform. Put it beside the package's main assembly.");
    }
}
