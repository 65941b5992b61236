namespace Corda.IntegrationTests.Kafka;

/// <summary>
/// A test that starts a broker of its own, to harm it or to set it up in a way of its own: one that runs already does not do. Skipped with the reason where none can be
/// started, unless <c>CI=true</c>, where it then fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OwnBrokerFactAttribute : FactAttribute
{
    public OwnBrokerFactAttribute()
    {
        if (TestCluster.SkipOwn is { } why) Skip = why;
    }
}
