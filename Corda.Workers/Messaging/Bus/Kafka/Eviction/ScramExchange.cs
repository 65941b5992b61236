using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>The client's side of SCRAM (RFC 5802, RFC 7677): proves to know the password without sending it, and has the broker prove the same.</summary>
/// <param name="hash">SHA-256 or SHA-512.</param>
/// <param name="user">The user's name.</param>
/// <param name="password">The password.</param>
/// <param name="nonce">Fresh for every exchange; printable ASCII without a comma.</param>
internal sealed class ScramExchange(HashAlgorithmName hash, string user, string password, string nonce)
{
    // The RFC's least; a broker that asks for fewer makes the password cheap to guess.
    private const int IterationsMin = 4096;

    // Kafka's most is 16384. A hostile broker must not keep a processor busy for minutes.
    private const int IterationsMax = 1_000_000;

    private byte[] serverSignature = [];

    private string ClientFirstBare => $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

    /// <summary>A nonce for an exchange.</summary>
    public static string FreshNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));

    /// <summary>The first message.</summary>
    public byte[] ClientFirst() => Encoding.UTF8.GetBytes("n,," + ClientFirstBare);

    /// <summary>The second message, from the broker's first.</summary>
    /// <exception cref="InvalidDataException">The broker's message is not what it must be.</exception>
    public byte[] ClientFinal(ReadOnlySpan<byte> serverFirst)
    {
        string challenge = Encoding.UTF8.GetString(serverFirst);
        string bothNonces = Attribute(challenge, 'r');
        if (!bothNonces.StartsWith(nonce, StringComparison.Ordinal) || bothNonces.Length == nonce.Length)
        {
            throw new InvalidDataException("The broker's SCRAM challenge does not belong to this exchange.");
        }

        byte[] salt = Convert.FromBase64String(Attribute(challenge, 's'));
        int iterations = int.Parse(Attribute(challenge, 'i'), NumberStyles.None, CultureInfo.InvariantCulture);
        if (iterations is < IterationsMin or > IterationsMax)
        {
            throw new InvalidDataException($"The broker asks for {iterations} SCRAM iterations; {IterationsMin} to {IterationsMax} are accepted.");
        }

        string withoutProof = $"c=biws,r={bothNonces}";
        byte[] authMessage = Encoding.UTF8.GetBytes($"{ClientFirstBare},{challenge},{withoutProof}");
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, hash, HashBytes);
        byte[] clientKey = CryptographicOperations.HmacData(hash, salted, "Client Key"u8);
        byte[] proof = CryptographicOperations.HmacData(hash, CryptographicOperations.HashData(hash, clientKey), authMessage);
        for (int i = 0; i < proof.Length; i++) proof[i] ^= clientKey[i];
        serverSignature = CryptographicOperations.HmacData(hash, CryptographicOperations.HmacData(hash, salted, "Server Key"u8), authMessage);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>Whether the broker has proved that it knows the password too.</summary>
    public bool IsProof(ReadOnlySpan<byte> serverFinal)
    {
        string text = Encoding.UTF8.GetString(serverFinal);
        return text.StartsWith("v=", StringComparison.Ordinal)
            && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(Attribute(text, 'v')), serverSignature);
    }

    private int HashBytes => hash == HashAlgorithmName.SHA512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;

    private static string Attribute(string message, char name) =>
        message.Split(',').FirstOrDefault(part => part.Length > 2 && part[0] == name && part[1] == '=') is { } found
            ? found[2..]
            : throw new InvalidDataException($"The broker's SCRAM message lacks '{name}='.");
}
