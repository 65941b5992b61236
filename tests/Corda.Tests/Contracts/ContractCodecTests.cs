using Corda.Workers.Contracts;
using Corda.Workers.Messaging;
using CsCheck;

namespace Corda.Tests.Contracts;

public sealed class ContractCodecTests
{
    [Fact]
    public void Damaged_bytes_are_malformed_and_never_anything_else() => Gen.Byte.Array[0, 60].Sample(body =>
    {
        try
        {
            _ = new ContractCodec<FlowEvent>().Decode([1, .. body]);
            _ = new ContractCodec<Checkpoint>().Decode([1, .. body]);
        }
        catch (MalformedRecordException)
        {
            // What is expected of most.
        }
    });
}
