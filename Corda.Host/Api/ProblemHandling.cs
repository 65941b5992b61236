using System.Text.Json;
using Corda.Workers.Rpc;
using Microsoft.AspNetCore.Diagnostics;

namespace Corda.Host.Api;

/// <summary>Turns what goes wrong around the handlers into problem details, and keeps stack traces in the log.</summary>
internal static class ProblemHandling
{
    private const string RetryAfterSeconds = "1";

    /// <summary>Adds what <see cref="UseProblems"/> needs.</summary>
    public static IServiceCollection AddProblems(this IServiceCollection services, RpcOptions options)
    {
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.AddExceptionHandler<UnhandledErrors>();
        return services.AddProblemDetails(problems => problems.CustomizeProblemDetails = context => Complete(context, options));
    }

    /// <summary>Everything after this answers problem details.</summary>
    public static void UseProblems(this WebApplication app, RpcOptions options)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use((context, next) =>
        {
            // Kestrel counts what really arrives; this spares reading what announces itself as too large.
            if (context.Request.ContentLength > options.RequestBytesMax)
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return Task.CompletedTask;
            }

            return next(context);
        });
    }

    private static void Complete(ProblemDetailsContext context, RpcOptions options)
    {
        int status = context.ProblemDetails.Status ?? context.HttpContext.Response.StatusCode;
        if (status == StatusCodes.Status503ServiceUnavailable) context.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        if (context.ProblemDetails.Detail is not null && context.ProblemDetails.Type?.StartsWith("urn:", StringComparison.Ordinal) == true) return;

        (string type, string title, string detail) = Problems.OfStatus(status, context.HttpContext.Request, options);
        context.ProblemDetails.Type = type;
        context.ProblemDetails.Title = title;
        context.ProblemDetails.Detail ??= detail;
    }

    private sealed class UnhandledErrors(IProblemDetailsService problems, ILogger<UnhandledErrors> log) : IExceptionHandler
    {
        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            var bad = exception as BadHttpRequestException;
            if (bad is null && !context.RequestAborted.IsCancellationRequested)
            {
                log.LogError(exception, "{Method} {Path} failed by a mistake of the platform", context.Request.Method, context.Request.Path);
            }

            context.Response.StatusCode = bad?.StatusCode ?? StatusCodes.Status500InternalServerError;
            return await problems.TryWriteAsync(new ProblemDetailsContext
            {
                HttpContext = context,
                ProblemDetails = { Status = context.Response.StatusCode, Detail = bad is null ? null : Detail(bad) },
            });
        }

        private static string? Detail(BadHttpRequestException error) => error.InnerException switch
        {
            JsonException { LineNumber: { } line, BytePositionInLine: { } position } json =>
                $"The request is not the JSON that is expected, at line {line + 1}, byte {position + 1} ({json.Path ?? "$"}): {Cause(json)}",
            JsonException json => $"The request is not the JSON that is expected ({json.Path ?? "$"}): {Cause(json)}",
            _ when error.StatusCode == StatusCodes.Status400BadRequest => error.Message,
            _ => null,
        };

        // The position stands in the detail already, in words.
        private static string Cause(JsonException error) => error.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].Trim();
    }
}
