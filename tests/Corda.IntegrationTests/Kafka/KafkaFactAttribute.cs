namespace Corda.IntegrationTests.Kafka;

/// <summary>A test that needs a real broker: skipped with the reason where none can be had, unless <c>CI=true</c>, where it then fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal class KafkaFactAttribute : FactAttribute
{
    /// <inheritdoc/>
    public override string? Skip
    {
        get => base.Skip ?? TestCluster.SkipShared;
        set => base.Skip = value;
    }
}
