namespace Corda.IntegrationTests.Kafka;

/// <summary>As <see cref="OwnBrokerFactAttribute"/>, for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OwnBrokerTheoryAttribute : TheoryAttribute
{
    public OwnBrokerTheoryAttribute()
    {
        if (TestCluster.SkipOwn is { } why) Skip = why;
    }
}
