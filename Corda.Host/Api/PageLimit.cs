using Microsoft.AspNetCore.Http.HttpResults;

namespace Corda.Host.Api;

/// <summary>The query parameter <c>limit</c> of everything that is listed.</summary>
internal static class PageLimit
{
    private const int Default = 100;
    private const int Max = 1000;

    /// <summary>How many are wanted; or what is wrong with the parameter.</summary>
    public static ProblemHttpResult? Read(string? limit, out int countMax)
    {
        countMax = Default;
        return limit is not null && !(int.TryParse(limit, out countMax) && countMax is >= 1 and <= Max)
            ? Problems.BadQuery("limit", limit, $"a number from 1 to {Max}")
            : null;
    }
}
