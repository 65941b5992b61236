using Corda.Host;
using Corda.Host.Api;
using Corda.Workers;

try
{
    // appsettings.json and flows/ stand beside the program, wherever it is started from.
    var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    CordaOptions options = CordaOptionsReader.Read(builder.Configuration);
    builder.UseDefaultUrl("http://127.0.0.1:8080");
    builder.Services.AddCordaWorkers(options);
    builder.Services.AddHostedService<Announcement>();
    builder.AddCordaApi(options);

    WebApplication app = builder.Build();
    app.UseProblems(options.Rpc);
    app.MapHealth();
    if (CordaOptionsReader.Roles(options).Contains(WorkerRole.Rpc)) app.MapCordaApi();
    await app.RunAsync();
    return 0;
}
catch (Exception error) when (StartupError.Explain(error) is { } explanation)
{
    await Console.Error.WriteLineAsync(explanation);
    return 1;
}

/// <summary>The entry point, public so that WebApplicationFactory can host it in a test.</summary>
public partial class Program;
