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
            _ = new ContractCodec<FlowEvent>().Decode([2, .. body]);
            _ = new ContractCodec<Checkpoint>().Decode([2, .. body]);
        }
        catch (MalformedRecordException)
        {
            // What is expected of most.
        }
    });

    [Fact]
    public void Times_come_back_as_the_same_moment_in_UTC_and_none_as_none()
    {
        var at = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));
        var codec = new ContractCodec<PresentMember>();

        Assert.Equal(at.ToUniversalTime(), codec.Decode(codec.Encode(Member(at))).LastCommitAt);
        Assert.Null(codec.Decode(codec.Encode(Member(null))).LastCommitAt);
        Assert.Equal(codec.Encode(Member(at)), codec.Encode(Member(at.ToUniversalTime())));

        static PresentMember Member(DateTimeOffset? lastCommitAt) => new("group", "member", [], lastCommitAt);
    }
}
