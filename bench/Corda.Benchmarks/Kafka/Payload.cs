namespace Corda.Benchmarks.Kafka;

/// <summary>
/// Bytes that nothing can be saved of: producers compress, and zeros would be measured as if they were nothing. The same in every run. Cut from one block, so that making
/// them costs next to nothing, and further apart than a compressor looks back.
/// </summary>
internal static class Payload
{
    private static readonly byte[] Block = Random(1 << 20);

    /// <summary>The payload of a number.</summary>
    public static byte[] Of(int n, int bytes)
    {
        int places = Block.Length / bytes;
        return Block.AsSpan((int)((uint)n % (uint)places) * bytes, bytes).ToArray();
    }

    private static byte[] Random(int bytes)
    {
        var block = new byte[bytes];
        new Random(1).NextBytes(block);
        return block;
    }
}
