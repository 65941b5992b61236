using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints;
using Corda.Workers.Flow.Checkpoints.Types;
using CsCheck;
using static Corda.Tests.Flow.Checkpoints.FiberDriver;

namespace Corda.Tests.Flow.Checkpoints;

/// <summary>Bytes that were damaged by accident or on purpose are rejected: nothing crashes, hangs, or takes memory that the bytes do not justify.</summary>
public sealed class HostileCheckpoints
{
    private static readonly byte[] Valid = Serializer.Save(Suspended(RichFlow), Externals);
    private static int constructed;

    [Fact]
    public void Any_damage_is_found_by_the_checksum()
    {
        for (int bit = 0; bit < Valid.Length * 8; bit++)
        {
            byte[] damaged = [.. Valid];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<CheckpointException>(() => Serializer.Restore(damaged, Externals));
        }

        for (int length = 0; length < Valid.Length; length++) Assert.Throws<CheckpointException>(() => Serializer.Restore(Valid.AsSpan(0, length), Externals));
    }

    [Fact]
    public void Bytes_made_to_do_harm_are_refused_or_harmless()
    {
        Gen<byte[]> mutated = Gen.Select(Gen.Int[0, 2], Gen.Int[FrameFormat.HeaderBytes, Valid.Length - FrameFormat.ChecksumBytes - 1], Gen.Byte.Array[1, 4]).Array[1, 4]
            .Select(changes => changes.Aggregate(Valid, (bytes, change) => Change(bytes, change.Item1, change.Item2, change.Item3)));
        mutated.Sample(Survives, iter: 6_000, threads: 1);
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        Gen.Byte.Array[8, 200].Sample(Survives, iter: 3_000, threads: 1);
    }

    [Fact]
    public void A_claimed_length_must_have_bytes_to_show_for_it()
    {
        byte[] code = Codes.Encode(typeof(long[]))!;
        byte[] hostile = Graph([FrameFormat.NewType, (byte)code.Length, .. code, 0xff, 0xff, 0xff, 0x7f, .. new byte[100]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<CheckpointException>(() => Serializer.Restore(hostile, Externals)).Message;
        Assert.Contains("claims", message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_reference_of_the_wrong_type_is_refused()
    {
        byte[] text = Codes.Encode(typeof(string))!;
        byte[] fiber = Codes.Encode(typeof(FlowFiber))!;
        byte[] root = Graph([FrameFormat.NewType, (byte)text.Length, .. text, 2, (byte)'a']);
        Assert.Throws<CheckpointException>(() => Serializer.Restore(root, Externals));

        // A fiber whose scope is a string.
        byte[] wrong = Graph([FrameFormat.NewType, (byte)fiber.Length, .. fiber, FrameFormat.NewType, (byte)text.Length, .. text, 2, (byte)'a', 0, 0, 0]);
        Assert.Throws<CheckpointException>(() => Serializer.Restore(wrong, Externals));
    }

    [Fact]
    public void Types_with_finalizers_and_types_that_no_table_knows_do_not_come_to_life()
    {
        byte[] row = Codes.Encode(typeof(Armed))!;
        byte[] hostile = Graph([FrameFormat.NewType, (byte)row.Length, .. row, 1]);
        Assert.Contains("can be saved", Assert.Throws<CheckpointException>(() => Serializer.Restore(hostile, Externals)).Message, StringComparison.Ordinal);
        for (int place = 0; place < 2000; place++)
        {
            byte[] code = place < 32 ? [(byte)(place << 2)] : [(byte)((place << 2) | 0x80), (byte)(place >> 5)];
            byte[] bytes = Graph([FrameFormat.NewType, (byte)code.Length, .. code, 0, 0, 0]);
            Assert.Throws<CheckpointException>(() => Serializer.Restore(bytes, Externals));
        }
    }

    [Fact]
    public void A_delegate_to_a_method_outside_the_package_cannot_be_forged()
    {
        byte[] action = Codes.Encode(typeof(Action))!;
        byte[] other = Codes.Encode(typeof(GC)) ?? Codes.Encode(typeof(object))!;
        byte[] hostile = Graph([FrameFormat.NewType, (byte)action.Length, .. action, 1, (byte)(other.Length + 1), .. other, 1, 0]);
        Assert.Contains("delegate to a method", Assert.Throws<CheckpointException>(() => Serializer.Restore(hostile, Externals)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_constructor_runs_on_restore()
    {
        byte[] frames = Serializer.Save(Suspended(Counting), Externals);
        int before = Volatile.Read(ref constructed);
        Serializer.Restore(frames, Externals);
        Assert.Equal(before, Volatile.Read(ref constructed));

        static async FlowTask Counting()
        {
            var counted = new Counted();
            await Suspend(0);
            counted.Number++;
        }
    }

    [Fact]
    public void A_checkpoint_of_another_format_says_so()
    {
        byte[] newer = [.. Valid];
        FrameFormat.Seal(newer, SdkTypeTable.Layout, FrameFormat.Version + 1);
        Assert.Contains("format version 2", Assert.Throws<ForeignCheckpointException>(() => Serializer.Restore(newer, Externals)).Message, StringComparison.Ordinal);
    }

    private static TypeCodes Codes { get; } = new(Package.Assemblies);

    private static void Survives(byte[] bytes)
    {
        FrameFormat.Seal(bytes, SdkTypeTable.Layout);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Serializer.Restore(bytes, Externals);
        }
        catch (CheckpointException)
        {
            // Refused, as it should be.
        }

        // Compiling plans for types met for the first time costs some hundred kilobytes, whatever the bytes.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > 4_000_000) throw new InvalidOperationException($"{bytes.Length} bytes took {allocated} bytes of memory.");
    }

    private static byte[] Change(byte[] bytes, int how, int at, byte[] with)
    {
        at = Math.Min(at, bytes.Length - FrameFormat.ChecksumBytes - 1);
        Span<byte> head = bytes.AsSpan(0, at);
        return how switch
        {
            0 => [.. head, .. with, .. bytes.AsSpan(Math.Min(bytes.Length, at + with.Length))],
            1 => [.. head, .. with, .. bytes.AsSpan(at)],
            _ => [.. head, .. bytes.AsSpan(Math.Min(bytes.Length - FrameFormat.ChecksumBytes, at + with.Length))],
        };
    }

    private static byte[] Graph(byte[] graph)
    {
        byte[] frames = [0, 0, 0, .. graph, 0, 0, 0, 0];
        FrameFormat.Seal(frames, SdkTypeTable.Layout);
        return frames;
    }

    private static async FlowTask<int> RichFlow()
    {
        int captured = 3;
        Func<int, int> add = x => x + captured;
        var map = new Dictionary<string, List<int[]>> { ["a"] = [[1, 2], [3]], ["b"] = [] };
        var people = new HashSet<Counted> { new() { Number = 2 } };
        var sorted = new SortedDictionary<int, string> { [2] = "two", [1] = "one" };
        object[] mixed = [1, "two", 3.0, new DateTime(2026, 1, 1), decimal.One, Guid.Empty, TimeSpan.Zero, new int[2, 2], typeof(List<int>)];
        Exception error = new ArgumentException("bad", "name", new InvalidOperationException("inner"));
        (int, string, ReadOnlyMemory<char>) tuple = (1, "x", "memory".AsMemory(1));
        int? maybe = 4;
        foreach ((string key, List<int[]> lists) in map)
        {
            foreach (int[] numbers in lists)
            {
                FlowTask<int> other = Inner(numbers.Length);
                captured += await Suspend(numbers.Length) + await other;
            }

            captured += key.Length;
        }

        return add(captured) + people.Count + sorted.Count + mixed.Length + error.Message.Length + tuple.Item1 + (maybe ?? 0);
    }

    private static async FlowTask<int> Inner(int n) => n + await Suspend(n);

    private sealed class Counted
    {
        public Counted() => Interlocked.Increment(ref constructed);

        public int Number { get; set; }
    }

    private sealed class Armed
    {
        public int Number { get; set; }

#pragma warning disable MA0055 // The test is about finalizers.
        ~Armed() => Interlocked.Increment(ref constructed);
#pragma warning restore MA0055
    }
}
