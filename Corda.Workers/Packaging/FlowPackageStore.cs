using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Corda.Workers.Packaging;

/// <summary>
/// The packages found under the configured paths, and, with a data folder, every package that ever ran there. All are checked before the
/// first flow runs.
/// </summary>
internal sealed partial class FlowPackageStore : IFlowPackages
{
    private readonly ConcurrentDictionary<string, Lazy<FlowPackage>> loaded = new(StringComparer.Ordinal);
    private readonly PackageArchive? archive;

    /// <summary>Finds, keeps, loads and checks the packages.</summary>
    /// <param name="paths">See <see cref="PackageFinder.Find"/>.</param>
    /// <param name="dataFolder">
    /// Where copies are kept, in <c>packages/</c>; null keeps them in memory, for a host that loses its flows anyway.
    /// </param>
    /// <exception cref="FlowPackageException">A package is missing, damaged, or not fit to run; lists everything that is wrong.</exception>
    public FlowPackageStore(IReadOnlyList<string> paths, string? dataFolder)
    {
        archive = dataFolder is null ? null : new PackageArchive(Path.Combine(Path.GetFullPath(dataFolder), "packages"));
        Current = LoadAll(paths);
    }

    /// <inheritdoc/>
    public IReadOnlyList<FlowPackage> Current { get; }

    /// <inheritdoc/>
    public FlowPackage Get(string hash)
    {
        Lazy<FlowPackage> package = loaded.GetOrAdd(hash, static (key, store) => new Lazy<FlowPackage>(() => store.LoadKept(key)), this);
        try
        {
            return package.Value;
        }
        catch (FlowPackageException)
        {
            // An operator may bring the package back: ask the disk again the next time.
            loaded.TryRemove(KeyValuePair.Create(hash, package));
            throw;
        }
    }

    private FlowPackage[] LoadAll(IReadOnlyList<string> paths)
    {
        var problems = new List<PackageProblem>();
        var contents = new Dictionary<string, PackageContent>(StringComparer.Ordinal);
        foreach (PackageSource source in PackageFinder.Find(paths, problems))
        {
            PackageContent content = PackageContent.Read(source);
            contents[content.Hash] = content;
        }

        var packages = new List<(FlowPackage Package, PackageFlows Flows)>();
        foreach (PackageContent content in contents.Values)
        {
            // What is loaded is the copy: a later start must find the same bytes there.
            archive?.Save(content);
            if (Load(archive?.Load(content.Hash) ?? content, problems) is { } package) packages.Add(package);
        }

        ProtocolRules.Check([.. packages.Select(p => p.Flows)], problems);
        PackageProblem.ThrowIfAny(problems);
        foreach ((FlowPackage package, _) in packages) loaded[package.Hash] = new Lazy<FlowPackage>(package);
        return [.. packages.Select(p => p.Package)];
    }

    private FlowPackage LoadKept(string hash)
    {
        if (!HashPattern().IsMatch(hash))
        {
            throw new FlowPackageException($"'{hash}' is not the content hash of a flow package (64 hex digits, lower case).");
        }

        if (archive is null)
        {
            throw new FlowPackageException($"There is no flow package {hash}, and without a data folder no earlier ones are kept.");
        }

        var problems = new List<PackageProblem>();
        (FlowPackage Package, PackageFlows Flows)? kept = Load(archive.Load(hash), problems);
        PackageProblem.ThrowIfAny(problems);
        return kept!.Value.Package;
    }

    private static (FlowPackage Package, PackageFlows Flows)? Load(PackageContent content, List<PackageProblem> problems)
    {
        PackageLoadContext context;
        try
        {
            context = new PackageLoadContext(content);
        }
        catch (BadImageFormatException cause)
        {
            problems.Add(new PackageProblem(
                content.Files[0].Name,
                $"the package holds a file that is no .NET assembly: {cause.Message}",
                "Deliver managed assemblies only"));
            return null;
        }

        var ownProblems = new List<PackageProblem>();
        PackageFlows flows = FlowDiscovery.Discover(context, ownProblems);
        problems.AddRange(ownProblems);
        AssemblyName name = context.PackageAssemblies[0].GetName();
        var package = new FlowPackage(
            name.Name!,
            name.Version?.ToString() ?? "0.0.0.0",
            content.Hash,
            context.PackageAssemblies,
            flows.Flows.ToDictionary(flow => flow.ClassName, StringComparer.Ordinal),
            flows.Responders);
        return (package, flows);
    }

    [GeneratedRegex("^[0-9a-f]{64}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HashPattern();
}
