using System.Net;
using System.Text.Json;

namespace Corda.Tests.Api;

internal static class ApiAssert
{
    /// <summary>The answer's JSON, if it has this status.</summary>
    public static async Task<JsonElement> Json(this HttpResponseMessage answer, HttpStatusCode status)
    {
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"expected {(int)status}, got {(int)answer.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    /// <summary>The answer's problem details, if it has this status and is all that a problem must be.</summary>
    public static async Task<JsonElement> Problem(this HttpResponseMessage answer, HttpStatusCode status, string type)
    {
        JsonElement problem = await answer.Json(status);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("urn:corda:problem:" + type, problem.GetProperty("type").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
        Assert.DoesNotContain("   at ", problem.GetRawText(), StringComparison.Ordinal);
        return problem;
    }

    public static string Detail(this JsonElement problem) => problem.GetProperty("detail").GetString()!;

    public static string State(this JsonElement flow) => flow.GetProperty("flowStatus").GetString()!;
}
