using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Messaging.Bus.Embedded.Sqlite;

namespace Corda.Tests.Bus;

public class SqliteBusComplianceTests : EmbeddedBusCompliance, IDisposable
{
    private readonly TemporaryFolder folder = new();

    // Without syncs: what they are for is not tested here, and on a slow disk they take minutes.
    private protected override ILogStore NewStore() => new SqliteLogStore(new SqliteSettings { Folder = folder.Path, SurvivesPowerLoss = false });

    public void Dispose()
    {
        folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Every read goes to the file.</summary>
public sealed class SqliteBusWithoutTailComplianceTests : SqliteBusComplianceTests
{
    private protected override EmbeddedBusOptions Options => base.Options with { TailBytesMax = 0, ReadBytesMax = 500 };
}
