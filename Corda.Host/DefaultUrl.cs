namespace Corda.Host;

/// <summary>Where the host listens when nobody has said.</summary>
internal static class DefaultUrl
{
    private static readonly string[] Settings = ["urls", "http_ports", "https_ports", "Kestrel:Endpoints"];

    /// <summary>Listens on this address unless --urls, ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS or Kestrel:Endpoints say another.</summary>
    public static void UseDefaultUrl(this WebApplicationBuilder builder, string url)
    {
        if (!Settings.Any(name => builder.Configuration.GetSection(name).Exists())) builder.WebHost.UseUrls(url);
    }
}
