using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Corda.Workers.Cluster.Liveness;

/// <summary>
/// Mutual TLS between workers: each side shows a certificate of the cluster's own authority, and whoever has one is a worker. Names are not compared: workers
/// come and go under addresses that no certificate knows, and who is there is said in the hello.
/// </summary>
internal sealed class LivenessTls : IDisposable
{
    private readonly X509Certificate2 certificate;
    private readonly X509Certificate2Collection authority = [];

    /// <summary>Reads the files.</summary>
    /// <exception cref="CordaOptionsException">A file is missing or not what it must be.</exception>
    public LivenessTls(LivenessOptions options)
    {
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(options.Certificate!, options.Key);
            authority.ImportFromPemFile(options.Authority!);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new CordaOptionsException(
                $"Corda:Cluster:Liveness: certificate {options.Certificate}, key {options.Key} and authority {options.Authority} must be readable PEM files: {cause.Message}");
        }

        if (authority.Count == 0) throw new CordaOptionsException($"Corda:Cluster:Liveness:Authority: {options.Authority} holds no certificate.");
    }

    public async Task<Stream> AsServer(Stream stream, CancellationToken cancellation)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, shown, _, _) => IsWorker(shown),
            },
            cancellation);
        return secured;
    }

    public async Task<Stream> AsClient(Stream stream, CancellationToken cancellation)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "corda-worker",
                ClientCertificates = [certificate],
                RemoteCertificateValidationCallback = (_, shown, _, _) => IsWorker(shown),
            },
            cancellation);
        return secured;
    }

    public void Dispose() => certificate.Dispose();

    private bool IsWorker(X509Certificate? shown)
    {
        if (shown is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;

        // A stranger's certificate must not make us ask where it says.
        chain.ChainPolicy.DisableCertificateDownloads = true;
        using var other = new X509Certificate2(shown);
        return chain.Build(other);
    }
}
