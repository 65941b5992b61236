using System.Buffers.Binary;
using System.Security.Cryptography;
using Corda.Workers.Messaging;

namespace Corda.Benchmarks;

/// <summary>Every flow sleeps for about a day, with 1 kB that no compression makes smaller.</summary>
internal sealed class Parker : IStateAndEventProcessor<byte[], byte[]>
{
    private const int StateBytes = 1_024;

    public static readonly Topic<byte[]> EventTopic = new("bench.event", Routing.Prefix, Cleanup.Delete, new PlainCodec());

    private long parked;
    private long steps;

    public long Parked => Interlocked.Read(ref parked);

    public long Steps => Interlocked.Read(ref steps);

    public Step<byte[]> OnEvent(byte[] key, byte[]? state, byte[] input, StepContext context)
    {
        if (state is null)
        {
            Interlocked.Increment(ref parked);
        }

        Interlocked.Increment(ref steps);
        var parkedState = new byte[StateBytes];
        new Random(BinaryPrimitives.ReadInt32LittleEndian(key)).NextBytes(parkedState);
        return new Step<byte[]>(parkedState, [], context.Now.AddDays(1).AddMilliseconds(key[0] * 1_000));
    }

    public Step<byte[]> OnDue(byte[] key, byte[] state, StepContext context) => new(state, []);

    public IReadOnlyList<Record> OnParked(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => [];

    public Step<byte[]> OnAbandoned(byte[] key, byte[]? state, byte[]? input, Failure failure, StepContext context) => new(state, []);

    /// <summary>The key of a state: as long and as scattered as a flow's.</summary>
    public static byte[] Key(int n)
    {
        var key = new byte[36];
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(32), n);
        SHA256.HashData(key.AsSpan(32), key);
        return key;
    }

    internal sealed class PlainCodec : ICodec<byte[]>
    {
        public byte[] Encode(byte[] value) => value;

        public byte[] Decode(ReadOnlySpan<byte> bytes) => bytes.ToArray();
    }
}
