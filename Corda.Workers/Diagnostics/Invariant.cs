using System.Diagnostics.CodeAnalysis;

namespace Corda.Workers.Diagnostics;

/// <summary>Something that must be true whatever happens outside; checked in production too. A failure means a bug or damaged data.</summary>
internal static class Invariant
{
    /// <summary>Throws <see cref="InvariantException"/> with what was violated and where, unless the condition holds.</summary>
    public static void Require([DoesNotReturnIf(false)] bool condition, string what, string where)
    {
        if (!condition)
        {
            throw new InvariantException($"{what} ({where})");
        }
    }
}

/// <summary>An invariant does not hold. Whoever catches it drops the work in hand and applies nothing of it.</summary>
internal sealed class InvariantException(string message) : Exception(message);
