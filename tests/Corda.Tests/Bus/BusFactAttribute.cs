namespace Corda.Tests.Compliance;

/// <summary>A test of the compliance suite. Each project that runs the suite says for itself when it can.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class BusFactAttribute : FactAttribute;
