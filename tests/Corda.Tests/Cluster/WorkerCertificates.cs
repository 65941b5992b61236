using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Corda.Tests.Cluster;

/// <summary>What workers of different hosts show each other: an authority and a certificate of its own, good for an hour.</summary>
internal static class WorkerCertificates
{
    /// <summary>Writes the files; their paths.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="authority">Its name, and the beginning of the files'.</param>
    public static (string Certificate, string Key, string Authority) Make(string folder, string authority)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string path = Path.Combine(folder, authority);
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest($"CN={authority}", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 worker = new CertificateRequest("CN=worker", key, HashAlgorithmName.SHA256).Create(root, now.AddDays(-1), now.AddHours(1), [1, 2, 3]);
        File.WriteAllText($"{path}.ca.pem", root.ExportCertificatePem());
        File.WriteAllText($"{path}.pem", worker.ExportCertificatePem());
        File.WriteAllText($"{path}.key.pem", key.ExportPkcs8PrivateKeyPem());
        return ($"{path}.pem", $"{path}.key.pem", $"{path}.ca.pem");
    }
}
