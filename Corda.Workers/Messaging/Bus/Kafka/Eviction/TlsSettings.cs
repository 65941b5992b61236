using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>Whom to trust and who we are within TLS. The files are read anew for each connection, so that a renewed certificate is taken up.</summary>
internal sealed record TlsSettings
{
    private static readonly string[] NotSupported = ["ssl.engine.location", "ssl.providers", "ssl.ca.certificate.stores", "ssl.crl.location"];

    private readonly IReadOnlyDictionary<string, string> client;

    private TlsSettings(IReadOnlyDictionary<string, string> client) => this.client = client;

    public static TlsSettings From(IReadOnlyDictionary<string, string> client) => new(client);

    /// <summary>A setting of the client that cannot be followed here; null for none.</summary>
    public static string? Unsupported(IReadOnlyDictionary<string, string> client) => Array.Find(NotSupported, client.ContainsKey);

    /// <summary>What a connection to a host needs.</summary>
    public SslClientAuthenticationOptions OptionsFor(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (Certificate() is { } own) options.ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);

        X509Certificate2Collection roots = Roots();
        bool verifies = !Is("enable.ssl.certificate.verification", "false");
        SslPolicyErrors overlooked = Is("ssl.endpoint.identification.algorithm", "none") ? SslPolicyErrors.RemoteCertificateNameMismatch : SslPolicyErrors.None;
        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            !verifies || (certificate is not null && IsTrusted(new X509Certificate2(certificate), chain, roots, errors & ~overlooked));
        return options;
    }

    public override string ToString() => "TLS";

    private static bool IsTrusted(X509Certificate2 server, X509Chain? sent, X509Certificate2Collection roots, SslPolicyErrors errors)
    {
        if (roots.Count == 0) return errors == SslPolicyErrors.None;
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None) return false;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>()) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(server);
    }

    private X509Certificate2Collection Roots()
    {
        var roots = new X509Certificate2Collection();
        if (client.TryGetValue("ssl.ca.pem", out string? pem)) roots.ImportFromPem(pem);
        if (client.TryGetValue("ssl.ca.location", out string? path) && path != "probe")
        {
            foreach (string file in Directory.Exists(path) ? Directory.GetFiles(path) : [path]) roots.ImportFromPemFile(file);
        }

        return roots;
    }

    private X509Certificate2? Certificate()
    {
        if (client.TryGetValue("ssl.keystore.location", out string? store))
        {
            return X509CertificateLoader.LoadPkcs12FromFile(store, client.GetValueOrDefault("ssl.keystore.password"));
        }

        string? certificate = client.GetValueOrDefault("ssl.certificate.pem") ?? TextOf("ssl.certificate.location");
        string? key = client.GetValueOrDefault("ssl.key.pem") ?? TextOf("ssl.key.location");
        if (certificate is null || key is null) return null;
        return client.TryGetValue("ssl.key.password", out string? password)
            ? X509Certificate2.CreateFromEncryptedPem(certificate, key, password)
            : X509Certificate2.CreateFromPem(certificate, key);
    }

    private string? TextOf(string setting) => client.TryGetValue(setting, out string? path) ? File.ReadAllText(path) : null;

    private bool Is(string setting, string value) => client.GetValueOrDefault(setting, "").Equals(value, StringComparison.OrdinalIgnoreCase);
}
