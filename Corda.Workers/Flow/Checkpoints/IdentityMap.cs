using System.Runtime.CompilerServices;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// Objects by reference, each with a number. Made to be used again and again: emptying costs what was put in, and no allocation happens
/// once it has its size.
/// </summary>
internal sealed class IdentityMap
{
    private const int CapacityKept = 1024;
    private object?[] keys = new object?[128];
    private int[] numbers = new int[128];
    private int count;

    public bool TryGet(object key, out int number)
    {
        int slot = Find(key);
        number = numbers[slot];
        return keys[slot] is not null;
    }

    /// <summary>Adds an object that is not there yet.</summary>
    public void Add(object key, int number)
    {
        if (count * 2 >= keys.Length) Grow();
        int slot = Find(key);
        keys[slot] = key;
        numbers[slot] = number;
        count++;
    }

    public void Clear()
    {
        if (keys.Length > CapacityKept)
        {
            keys = new object?[CapacityKept];
            numbers = new int[CapacityKept];
        }
        else
        {
            Array.Clear(keys);
        }

        count = 0;
    }

    private int Find(object key)
    {
        int mask = keys.Length - 1;
        int slot = RuntimeHelpers.GetHashCode(key) & mask;
        while (keys[slot] is { } taken && !ReferenceEquals(taken, key)) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        (object?[] oldKeys, int[] oldNumbers) = (keys, numbers);
        keys = new object?[oldKeys.Length * 2];
        numbers = new int[oldKeys.Length * 2];
        for (int i = 0; i < oldKeys.Length; i++)
        {
            if (oldKeys[i] is not { } key) continue;
            int slot = Find(key);
            keys[slot] = key;
            numbers[slot] = oldNumbers[i];
        }
    }
}
