namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>Judges the evidence of a run that has come to rest.</summary>
internal static class Invariants
{
    private static readonly (string Name, Func<Evidence, IEnumerable<string>> Check)[] All =
    [
        ("I1 every acknowledged start ends once, rightly", StartInvariant.Check),
        ("I2 every step has one kept effect that was really executed", StepInvariant.Check),
        ("I3 versions of a state rise by one, without fork, and no input makes two", VersionInvariant.Check),
        ("I4 what is read is what was committed", ReadInvariant.Check),
        ("I5 no coin appears or goes away", SumInvariant.Check),
        ("I7 nothing stays open or unread", RestInvariant.Check),
        ("I8 nobody writes to a partition that is somebody else's", OwnerInvariant.Check),
    ];

    public static IReadOnlyList<Violation> Check(Evidence evidence) =>
        [.. All.SelectMany(invariant => invariant.Check(evidence).Select(what => new Violation(invariant.Name, what)))];
}
