namespace Corda.Workers.Packaging;

/// <summary>The files of a package as an author delivers them.</summary>
/// <param name="Main">The path of the main assembly.</param>
/// <param name="Private">The paths of the libraries it brings along.</param>
internal sealed record PackageSource(string Main, IReadOnlyList<string> Private);

/// <summary>
/// Finds packages under configured paths. A package is one dll; or, where it brings libraries, a folder with the main assembly's name:
/// <c>flows/Settlement/Settlement.dll</c> and what stands beside it.
/// </summary>
internal static class PackageFinder
{
    /// <summary>The packages under the paths, each once, in the order of the paths and then by name.</summary>
    /// <param name="paths">
    /// A dll, a package's folder, a folder of packages, or one of these with * and ? in its last part. Relative ones start at the
    /// program's folder.
    /// </param>
    /// <param name="problems">Takes the paths under which there is nothing.</param>
    public static IReadOnlyList<PackageSource> Find(IReadOnlyList<string> paths, ICollection<PackageProblem> problems)
    {
        var mains = new List<string>();
        foreach (string path in paths)
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, AppContext.BaseDirectory));
            string[] found = [.. MainAssemblies(full)];
            mains.AddRange(found);
            if (found.Length == 0)
            {
                problems.Add(new PackageProblem(
                    full, "there is no flow package", "Put a flow package (a dll) there, or correct the configured path"));
            }
        }

        return [.. mains.Distinct(StringComparer.Ordinal).Select(main => new PackageSource(main, PrivateAssemblies(main)))];
    }

    private static IEnumerable<string> MainAssemblies(string path)
    {
        string last = Path.GetFileName(path);
        if (last.AsSpan().ContainsAny('*', '?')) return InFolder(Path.GetDirectoryName(path)!, last);
        return MainAssembly(path) is { } main ? [main] : InFolder(path, "*");
    }

    private static IEnumerable<string> InFolder(string folder, string pattern) => Directory.Exists(folder)
        ? Directory.EnumerateFileSystemEntries(folder, pattern).Order(StringComparer.Ordinal).Select(MainAssembly).OfType<string>()
        : [];

    private static string? MainAssembly(string path)
    {
        if (File.Exists(path)) return IsAssembly(path) ? path : null;
        string inOwnFolder = Path.Combine(path, Path.GetFileName(path) + ".dll");
        return File.Exists(inOwnFolder) ? inOwnFolder : null;
    }

    private static IReadOnlyList<string> PrivateAssemblies(string main)
    {
        string folder = Path.GetDirectoryName(main)!;
        bool ownsFolder = Path.GetFileName(folder) == Path.GetFileNameWithoutExtension(main);
        return ownsFolder
            ? [.. Directory.EnumerateFiles(folder).Where(file => file != main && IsPrivate(file)).Order(StringComparer.Ordinal)]
            : [];
    }

    private static bool IsAssembly(string file) => Path.GetExtension(file).Equals(".dll", StringComparison.OrdinalIgnoreCase);

    // A published package may carry the SDK; what runs is the worker's, or the platform would not know its own types.
    private static bool IsPrivate(string file) => IsAssembly(file) && !SharedAssemblies.Contains(Path.GetFileNameWithoutExtension(file));
}
