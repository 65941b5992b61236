using Corda.Workers.Messaging.Bus.Embedded;

namespace Corda.Tests.Bus;

public sealed class MemoryBusComplianceTests : EmbeddedBusCompliance
{
    private protected override ILogStore NewStore() => new MemoryLogStore();
}

/// <summary>Every read goes to the store.</summary>
public sealed class MemoryBusWithoutTailComplianceTests : EmbeddedBusCompliance
{
    private protected override EmbeddedBusOptions Options => base.Options with { TailBytesMax = 0, ReadBytesMax = 500 };

    private protected override ILogStore NewStore() => new MemoryLogStore();
}
