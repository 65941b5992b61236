using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Corda.IntegrationTests.Kafka;

/// <summary>One broker with a listener of every kind of security. Sessions last so long that whatever a test sees sooner is no timeout.</summary>
public sealed class SecuredBroker : IAsyncLifetime
{
    public const string User = "corda";
    public const string Password = "se,cr=et";

    /// <summary>Of the brokers' own group protocol; in the classic one members say it themselves.</summary>
    public static readonly TimeSpan Session = TimeSpan.FromSeconds(40);
    public static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(200);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("corda-secured-");
    private readonly Dictionary<string, int> ports = [];
    private Broker? broker;

    /// <summary>How a client reaches the broker.</summary>
    /// <param name="listener">PLAINTEXT, SASL_PLAINTEXT, SSL (mutual) or SASL_SSL.</param>
    /// <param name="mechanism">PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or nothing.</param>
    public Dictionary<string, string> Client(string listener, string mechanism)
    {
        var client = new Dictionary<string, string> { ["security.protocol"] = listener };
        if (listener.EndsWith("SSL", StringComparison.Ordinal)) client["ssl.ca.location"] = At("ca.pem");
        if (listener == "SSL")
        {
            client["ssl.certificate.location"] = At("client.pem");
            client["ssl.key.location"] = At("client.key.pem");
        }

        if (mechanism.Length > 0)
        {
            client["sasl.mechanism"] = mechanism;
            client["sasl.username"] = User;
            client["sasl.password"] = Password;
        }

        return client;
    }

    public string Bootstrap(string listener) => $"127.0.0.1:{ports[listener]}";

    public Task InitializeAsync()
    {
        if (TestCluster.SkipOwn is not null) return Task.CompletedTask;
        MakeCertificates();
        foreach (string listener in (string[])["CONTROLLER", "PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"]) ports[listener] = FreePort();
        string listeners = string.Join(',', ports.Where(l => l.Key != "CONTROLLER").Select(l => $"{l.Key}://127.0.0.1:{l.Value}"));
        string[] settings =
        [
            $"listeners={listeners},CONTROLLER://127.0.0.1:{ports["CONTROLLER"]}",
            $"advertised.listeners={listeners}",
            $"controller.quorum.voters=1@127.0.0.1:{ports["CONTROLLER"]}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            .. ((string[])["sasl_plaintext", "sasl_ssl"]).SelectMany(Logins),
            "listener.name.ssl.ssl.client.auth=required",
            "ssl.keystore.type=PEM", $"ssl.keystore.location={At("broker.both.pem")}",
            "ssl.truststore.type=PEM", $"ssl.truststore.location={At("ca.pem")}",
            $"group.consumer.session.timeout.ms={Session.TotalMilliseconds}", $"group.consumer.heartbeat.interval.ms={Heartbeat.TotalMilliseconds}",
        ];
        broker = TestCluster.StartOwn(1, settings);
        foreach (string mechanism in (string[])["SCRAM-SHA-256", "SCRAM-SHA-512"])
        {
            broker.Tool(
                "configs", "--bootstrap-server", Bootstrap("PLAINTEXT"), "--alter", "--entity-type", "users", "--entity-name", User,
                "--add-config", $"{mechanism}=[iterations=8192,password={Password}]");
        }

        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        broker?.Dispose();
        folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    private static IEnumerable<string> Logins(string listener)
    {
        const string Module = "org.apache.kafka.common.security";
        yield return $"listener.name.{listener}.plain.sasl.jaas.config={Module}.plain.PlainLoginModule required user_{User}=\"{Password}\";";
        yield return $"listener.name.{listener}.scram-sha-256.sasl.jaas.config={Module}.scram.ScramLoginModule required;";
        yield return $"listener.name.{listener}.scram-sha-512.sasl.jaas.config={Module}.scram.ScramLoginModule required;";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string At(string file) => Path.Combine(folder.FullName, file);

    private void MakeCertificates()
    {
        using var rootKey = RSA.Create(2048);
        var rootRequest = new CertificateRequest("CN=test authority", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(At("ca.pem"), root.ExportCertificatePem() + "\n");
        foreach (string name in (string[])["broker", "client"])
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using X509Certificate2 certificate = request.Create(root, now.AddDays(-1), now.AddHours(12), RandomNumberGenerator.GetBytes(8));
            (string pem, string keyPem) = (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(At($"{name}.pem"), pem);
            File.WriteAllText(At($"{name}.key.pem"), keyPem);
            File.WriteAllText(At($"{name}.both.pem"), $"{keyPem}\n{pem}\n");
        }
    }
}
