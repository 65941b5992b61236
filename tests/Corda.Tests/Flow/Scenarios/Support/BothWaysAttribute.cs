using System.Reflection;
using Xunit.Sdk;

namespace Corda.Tests.Flow.Scenarios.Support;

/// <summary>How a flow goes on with its next event.</summary>
public enum Resume
{
    /// <summary>With the live frames of its last step, as a worker does that stays the owner.</summary>
    Live,

    /// <summary>From the bytes of its checkpoint, as a worker does that takes over.</summary>
    FromBytes,
}

/// <summary>Runs a scenario with live frames and from bytes: it must make no difference.</summary>
public sealed class BothWaysAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Resume.Live], [Resume.FromBytes]];
}
