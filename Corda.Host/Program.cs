var app = WebApplication.CreateBuilder(args).Build();
app.Run();

/// <summary>The entry point, public so that WebApplicationFactory can host it in a test.</summary>
public partial class Program;
