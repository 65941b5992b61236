namespace Corda.Workers.Messaging.Bus.Kafka.Eviction;

/// <summary>How connections to the brokers are secured.</summary>
/// <param name="Tls">Null for a connection in the clear.</param>
/// <param name="Sasl">Null where nobody asks who we are (or the certificate says it).</param>
/// <remarks>
/// Read from the same settings that the client library gets (its names, its defaults), so that there is one place to configure and nothing can differ.
/// </remarks>
internal sealed record WireSecurity(TlsSettings? Tls, SaslSettings? Sasl)
{
    /// <summary>The security that the client's settings ask for, or null with the reason why it cannot be had here.</summary>
    public static WireSecurity? From(IReadOnlyDictionary<string, string> client, out string? reason)
    {
        reason = null;
        string protocol = client.GetValueOrDefault("security.protocol", "plaintext").ToUpperInvariant();
        SaslSettings? sasl = null;
        if (protocol.StartsWith("SASL", StringComparison.Ordinal))
        {
            // The client knows this setting by two names.
            string mechanism = (client.GetValueOrDefault("sasl.mechanism") ?? client.GetValueOrDefault("sasl.mechanisms", "GSSAPI")).ToUpperInvariant();
            sasl = new SaslSettings(mechanism, client.GetValueOrDefault("sasl.username", ""), client.GetValueOrDefault("sasl.password", ""));
            if (!SaslSettings.Known.Contains(mechanism)) reason = $"SASL mechanism {mechanism} is not one of {string.Join(", ", SaslSettings.Known)}";
        }

        bool tls = protocol is "SSL" or "SASL_SSL";
        if (!tls && protocol is not ("PLAINTEXT" or "SASL_PLAINTEXT")) reason = $"security.protocol {protocol} is not known";
        if (tls && TlsSettings.Unsupported(client) is { } setting) reason = $"setting {setting} is not known here";
        return reason is null ? new WireSecurity(tls ? TlsSettings.From(client) : null, sasl) : null;
    }
}
