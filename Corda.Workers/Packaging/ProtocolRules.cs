namespace Corda.Workers.Packaging;

/// <summary>What must be true of all packages that run together.</summary>
internal static class ProtocolRules
{
    public static void Check(IReadOnlyList<PackageFlows> packages, ICollection<PackageProblem> problems)
    {
        OneClassOneName(packages, problems);
        OneResponderEach(packages, problems);
        EveryInitiatorIsAnswered(packages, problems);
    }

    private static void OneClassOneName(IReadOnlyList<PackageFlows> packages, ICollection<PackageProblem> problems)
    {
        var byName = packages.SelectMany(p => p.Flows).GroupBy(flow => flow.ClassName, StringComparer.Ordinal);
        foreach (var same in byName.Where(group => group.Count() > 1))
        {
            string where = string.Join(" and ", same.Select(flow => flow.Type.Assembly.GetName()).Select(a => $"{a.Name} {a.Version}"));
            problems.Add(new PackageProblem(
                same.Key, $"the class is in several packages ({where})", "Deliver one of them, or rename the class"));
        }
    }

    private static void OneResponderEach(IReadOnlyList<PackageFlows> packages, ICollection<PackageProblem> problems)
    {
        var byVersion = packages.SelectMany(p => p.Responders)
            .SelectMany(responder => responder.ProtocolVersions.Select(version => (responder.Protocol, Version: version, responder.ClassName)))
            .GroupBy(r => (r.Protocol, r.Version));
        foreach (var same in byVersion.Where(group => group.Count() > 1))
        {
            problems.Add(new PackageProblem(
                string.Join(" and ", same.Select(r => r.ClassName)),
                $"they all answer version {same.Key.Version} of the protocol '{same.Key.Protocol}'",
                "Let one of them answer it"));
        }
    }

    private static void EveryInitiatorIsAnswered(IReadOnlyList<PackageFlows> packages, ICollection<PackageProblem> problems)
    {
        ResponderFlowDefinition[] responders = [.. packages.SelectMany(p => p.Responders)];
        foreach (InitiatorDefinition initiator in packages.SelectMany(p => p.Initiators))
        {
            int[] answered = [.. responders.Where(r => r.Protocol == initiator.Protocol).SelectMany(r => r.ProtocolVersions)];
            if (answered.Intersect(initiator.ProtocolVersions).Any()) continue;

            string what = answered.Length == 0
                ? $"nothing answers its protocol '{initiator.Protocol}'"
                : $"it speaks version {string.Join(", ", initiator.ProtocolVersions)} of the protocol '{initiator.Protocol}', "
                    + $"and only {string.Join(", ", answered)} is answered";
            problems.Add(new PackageProblem(
                initiator.ClassName,
                what,
                $"Add a ResponderFlow with [InitiatedBy(\"{initiator.Protocol}\")], or deliver the package that has it"));
        }
    }
}
