using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>Who we are, for listeners that want to know.</summary>
/// <param name="Mechanism">PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.</param>
/// <param name="User">The user's name.</param>
/// <param name="Password">The password.</param>
internal sealed record SaslSettings(string Mechanism, string User, string Password)
{
    public static readonly IReadOnlyList<string> Known = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

    // A record would print the password.
    public override string ToString() => $"{Mechanism} as {User}";
}

/// <summary>Logs in on a fresh connection.</summary>
internal static class SaslLogin
{
    /// <summary>Returns when the broker has accepted us.</summary>
    /// <exception cref="WireRefusedException">It has not; the message says why.</exception>
    public static async Task Perform(WireConnection connection, SaslSettings settings, CancellationToken cancellation)
    {
        WireReader handshake = await connection.Ask(WireRequest.SaslHandshake(settings.Mechanism), cancellation);
        if (handshake.Error() is var error && error != WireError.None) throw new WireRefusedException($"The broker does not offer {settings.Mechanism}: {error}.");

        if (settings.Mechanism == "PLAIN")
        {
            await Exchange(connection, settings, Encoding.UTF8.GetBytes($"\0{settings.User}\0{settings.Password}"), cancellation);
            return;
        }

        HashAlgorithmName hash = settings.Mechanism == "SCRAM-SHA-512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
        var scram = new ScramExchange(hash, settings.User, settings.Password, ScramExchange.FreshNonce());
        byte[] challenge = await Exchange(connection, settings, scram.ClientFirst(), cancellation);
        byte[] proof = await Exchange(connection, settings, scram.ClientFinal(challenge), cancellation);
        if (!scram.IsProof(proof)) throw new WireRefusedException("The broker could not prove that it knows the password: it is not the broker it should be.");
    }

    private static async Task<byte[]> Exchange(WireConnection connection, SaslSettings settings, byte[] token, CancellationToken cancellation)
    {
        WireReader answer = await connection.Ask(WireRequest.SaslAuthenticate(token), cancellation);
        WireError error = answer.Error();
        string? message = answer.Text();
        return error == WireError.None
            ? answer.Bytes()
            : throw new WireRefusedException($"The broker refused {settings}: {message ?? error.ToString()}.");
    }
}
