using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Corda.Workers.Contracts;

namespace Corda.Workers.Rpc;

/// <summary>Some of a virtual node's flows, newest first.</summary>
/// <param name="Flows">At most as many as were asked for.</param>
/// <param name="Next">Where the next page begins; null where this is the last one.</param>
internal sealed record StatusPage(IReadOnlyList<FlowStatus> Flows, StatusCursor? Next);

/// <summary>
/// A place in the list of a virtual node's flows, which is ordered by start time, newest first, then id. Flows that start or end while a client
/// pages neither shift nor hide others.
/// </summary>
internal readonly record struct StatusCursor(long CreatedTicks, FlowId FlowId) : IComparable<StatusCursor>
{
    /// <summary>The place of a flow.</summary>
    public static StatusCursor Of(FlowStatus status) => new(status.CreatedAt.UtcTicks, status.FlowId);

    /// <summary>Reads what <see cref="ToString"/> has written.</summary>
    public static bool TryParse(string text, out StatusCursor cursor)
    {
        cursor = default;
        if (!Base64Url.IsValid(text)) return false;

        string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('.');
        if (parts is not [string ticks, { Length: 32 } id] || !id.All(char.IsAsciiHexDigit)) return false;
        if (!long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out long createdTicks)) return false;

        cursor = new StatusCursor(createdTicks, FlowId.Parse(id));
        return true;
    }

    /// <summary>Newest first.</summary>
    public int CompareTo(StatusCursor other)
    {
        int byTime = other.CreatedTicks.CompareTo(CreatedTicks);
        if (byTime != 0) return byTime;
        int byHigh = FlowId.High.CompareTo(other.FlowId.High);
        return byHigh != 0 ? byHigh : FlowId.Low.CompareTo(other.FlowId.Low);
    }

    /// <summary>For URLs; opaque to clients.</summary>
    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{CreatedTicks}.{FlowId}")));
}
