using Corda.Workers.Messaging.Bus;

namespace Corda.Workers.Messaging;

/// <summary>The records of a dead letter: whatever was too large, or says too much, must not be too large to be put aside.</summary>
internal static class DeadLetterRecords
{
    private const int TextCharsMax = 8_000;
    private const int OverheadBytes = 64 * 1024;

    // What a letter needs beside its bytes when its reason is short and its error in another. A state has room for that beside it.
    private const int BriefOverheadBytes = 4 * 1024;
    private const int BriefCharsMax = 500;

    /// <summary>
    /// Dead letters stay in the partition of their events, wherever their key would be routed. Where the bytes are too many for one record there are several dead letters of
    /// the same input: one with the reason in full, and one for each of event and state. Only what fits into no record is left out; texts are cut at 8,000 characters.
    /// </summary>
    public static IEnumerable<OutgoingRecord> Of(Topic<DeadLetter> topic, DeadLetter letter, int recordBytesMax)
    {
        DeadLetter readable = letter with { Reason = Shortened(letter.Reason)!, Error = Shortened(letter.Error) };
        int eventBytes = letter.Event?.Length ?? 0;
        int stateBytes = letter.State?.Length ?? 0;
        int room = recordBytesMax - (2 * letter.Key.Length);
        IEnumerable<DeadLetter> letters = eventBytes + stateBytes <= room - OverheadBytes ? [readable] : Parts(readable, room - BriefOverheadBytes);
        return letters.Select(one => new OutgoingRecord(new TopicPartition(topic.Name, one.Partition), one.Key, topic.Codec.Encode(one)));
    }

    private static IEnumerable<DeadLetter> Parts(DeadLetter letter, int room)
    {
        DeadLetter bare = letter with { Event = null, State = null };
        DeadLetter brief = bare with { Reason = Shortened(letter.Reason, BriefCharsMax)!, Error = null };
        yield return bare;
        if (letter.Event?.Length <= room)
        {
            yield return brief with { Event = letter.Event };
        }

        if (letter.State?.Length <= room)
        {
            yield return brief with { State = letter.State };
        }
    }

    private static string? Shortened(string? text, int charsMax = TextCharsMax) => text?.Length > charsMax ? text[..charsMax] : text;
}
