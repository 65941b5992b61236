namespace Corda.Workers.Packaging;

/// <summary>Something that makes a package unfit to run.</summary>
/// <param name="Subject">The class, file or path at fault.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record PackageProblem(string Subject, string What, string Remedy)
{
    /// <summary>Ends in one error for everything that is wrong.</summary>
    /// <exception cref="FlowPackageException">There are problems; the message lists all of them.</exception>
    public static void ThrowIfAny(IReadOnlyCollection<PackageProblem> problems)
    {
        if (problems.Count == 0) return;
        string list = string.Join(Environment.NewLine, problems.Select(problem => $"  - {problem}"));
        throw new FlowPackageException($"The flow packages are not fit to run ({problems.Count} to mend):{Environment.NewLine}{list}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Subject}: {What}. {Remedy}.";
}
