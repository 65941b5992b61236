using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Corda.Flows;

/// <summary>
/// The X.500 name of a member, in canonical form: <c>CN=.., OU=.., O=.., L=.., ST=.., C=..</c>, where O, L and C are required. Two names are
/// equal when their canonical forms are. In JSON it is the string.
/// </summary>
[JsonConverter(typeof(JsonConverter))]
public sealed class MemberX500Name : IEquatable<MemberX500Name>, IComparable<MemberX500Name>
{
    private const int AttributeLengthMax = 128;
    private const string Separator = ", ";

    // Those that would need escapes in a certificate.
    private const string Reserved = "=+;<>\\\"";
    private static readonly string[] Order = ["CN", "OU", "O", "L", "ST", "C"];
    private static readonly string[] Required = ["O", "L", "C"];
    private readonly string canonical;

    private MemberX500Name(string canonical) => this.canonical = canonical;

    /// <summary>The CN attribute, or null.</summary>
    public string? CommonName => Attribute("CN");

    /// <summary>The OU attribute, or null.</summary>
    public string? OrganizationUnit => Attribute("OU");

    /// <summary>The O attribute.</summary>
    public string Organization => Attribute("O")!;

    /// <summary>The L attribute.</summary>
    public string Locality => Attribute("L")!;

    /// <summary>The ST attribute, or null.</summary>
    public string? State => Attribute("ST");

    /// <summary>The C attribute: two letters, upper case.</summary>
    public string Country => Attribute("C")!;

    /// <summary>Reads a name in any attribute order.</summary>
    /// <exception cref="FormatException">The text is not such a name; the message says why.</exception>
    public static MemberX500Name Parse(string text) =>
        TryParse(text, out MemberX500Name? name, out string? problem) ? name : throw new FormatException(problem);

    /// <summary>Reads a name in any attribute order, or says what is wrong with it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out MemberX500Name? name, [NotNullWhen(false)] out string? problem)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        string? reason = ReadAttributes(text ?? "", attributes) ?? Incomplete(attributes);
        problem = reason is null ? null : $"'{text}' is not a member name: {reason}. Example: O=Alice, L=London, C=GB";
        name = reason is null
            ? new MemberX500Name(string.Join(Separator, Order.Where(attributes.ContainsKey).Select(key => $"{key}={attributes[key]}")))
            : null;
        return name is not null;
    }

    /// <inheritdoc/>
    public bool Equals(MemberX500Name? other) => other is not null && string.Equals(canonical, other.canonical, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MemberX500Name);

    /// <inheritdoc/>
    public override int GetHashCode() => canonical.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public int CompareTo(MemberX500Name? other) => string.CompareOrdinal(canonical, other?.canonical);

    /// <summary>The canonical form.</summary>
    public override string ToString() => canonical;

    /// <summary>Whether the names are equal.</summary>
    public static bool operator ==(MemberX500Name? left, MemberX500Name? right) => Equals(left, right);

    /// <summary>Whether the names differ.</summary>
    public static bool operator !=(MemberX500Name? left, MemberX500Name? right) => !Equals(left, right);

    private static string? ReadAttributes(string text, Dictionary<string, string> attributes)
    {
        foreach (string part in text.Split(','))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) return $"'{part.Trim()}' is not KEY=value";
            string key = part[..equals].Trim().ToUpperInvariant();
            string value = part[(equals + 1)..].Trim();
            string? reason = !Order.Contains(key) ? $"the attribute '{key}' is not one of {string.Join(", ", Order)}"
                : value.Length is 0 or > AttributeLengthMax ? $"{key} must have 1 to {AttributeLengthMax} characters"
                : value.Any(c => char.IsControl(c) || Reserved.Contains(c)) ? $"{key} must not contain {Reserved} or control characters"
                : !attributes.TryAdd(key, key == "C" ? value.ToUpperInvariant() : value) ? $"{key} stands there twice"
                : null;
            if (reason is not null) return reason;
        }

        return null;
    }

    private static string? Incomplete(Dictionary<string, string> attributes)
    {
        string[] missing = [.. Required.Where(key => !attributes.ContainsKey(key))];
        return missing.Length > 0 ? $"{string.Join(", ", missing)} missing"
            : attributes["C"].Length == 2 && attributes["C"].All(char.IsAsciiLetter) ? null
            : "C must be a two-letter country code";
    }

    private string? Attribute(string key) =>
        canonical.Split(Separator).FirstOrDefault(part => part.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..];

    private sealed class JsonConverter : JsonConverter<MemberX500Name>
    {
        public override MemberX500Name Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("An X.500 name is a string, such as \"O=Alice, L=London, C=GB\".");
            return Name(reader.GetString());
        }

        public override void Write(Utf8JsonWriter writer, MemberX500Name value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.canonical);

        public override MemberX500Name ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Name(reader.GetString());

        public override void WriteAsPropertyName(Utf8JsonWriter writer, MemberX500Name value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value.canonical);

        private static MemberX500Name Name(string? text) =>
            TryParse(text, out MemberX500Name? name, out string? problem) ? name : throw new JsonException(problem);
    }
}
