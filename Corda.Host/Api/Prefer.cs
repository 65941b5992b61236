using System.Globalization;

namespace Corda.Host.Api;

/// <summary>The request header Prefer (RFC 7240), as far as it concerns waiting. What it does not know it ignores, as the RFC demands.</summary>
internal static class Prefer
{
    /// <summary>How long the client would like to wait for the end; null for not at all. <c>respond-async</c> is what happens anyway.</summary>
    public static TimeSpan? Wait(string? header, TimeSpan waitMax)
    {
        foreach (string preference in (header ?? "").Split(',', ';'))
        {
            string[] parts = preference.Split('=', 2, StringSplitOptions.TrimEntries);
            bool isWait = parts.Length == 2 && parts[0].Equals("wait", StringComparison.OrdinalIgnoreCase);
            if (isWait && uint.TryParse(parts[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out uint seconds))
            {
                return TimeSpan.FromSeconds(Math.Min(seconds, waitMax.TotalSeconds));
            }
        }

        return null;
    }
}
