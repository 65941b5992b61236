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
    private static readonly string[] Order = ["CN", "OU", "O", "L", "ST", "C"];
    private static readonly string[] Required = ["O", "L", "C"];
    private readonly string canonical;

    private MemberX500Name(string canonical, string organization)
    {
        this.canonical = canonical;
        Organization = organization;
    }

    /// <summary>The O attribute.</summary>
    public string Organization { get; }

    /// <summary>Reads a name in any attribute order.</summary>
    /// <exception cref="FormatException">The text is not such a name; the message says why.</exception>
    public static MemberX500Name Parse(string text) =>
        TryParse(text, out MemberX500Name? name, out string? problem) ? name : throw new FormatException(problem);

    /// <summary>Reads a name in any attribute order, or says what is wrong with it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out MemberX500Name? name, [NotNullWhen(false)] out string? problem)
    {
        name = null;
        var attributes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string part in (text ?? "").Split(','))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? "" : part[..equals].Trim().ToUpperInvariant();
            string value = equals < 0 ? "" : part[(equals + 1)..].Trim();
            problem = key.Length == 0 ? $"'{text}' is not an X.500 name: '{part.Trim()}' is not KEY=value. Example: O=Alice, L=London, C=GB"
                : !Order.Contains(key) ? $"'{text}' is not a member name: the attribute {key} is not one of {string.Join(", ", Order)}"
                : value.Length is 0 or > AttributeLengthMax ? $"'{text}' is not a member name: {key} must have 1 to {AttributeLengthMax} characters"
                : !attributes.TryAdd(key, value) ? $"'{text}' is not a member name: {key} stands there twice"
                : null;
            if (problem is not null) return false;
        }

        string[] missing = [.. Required.Where(key => !attributes.ContainsKey(key))];
        problem = missing.Length > 0 ? $"'{text}' is not a member name: {string.Join(", ", missing)} missing. Example: O=Alice, L=London, C=GB"
            : attributes["C"] is not { Length: 2 } ? $"'{text}' is not a member name: C must be a two-letter country code"
            : null;
        if (problem is not null) return false;

        string form = string.Join(", ", Order.Where(attributes.ContainsKey).Select(key => $"{key}={attributes[key]}"));
        name = new MemberX500Name(form, attributes["O"]);
        return true;
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

    private sealed class JsonConverter : JsonConverter<MemberX500Name>
    {
        public override MemberX500Name Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException("An X.500 name is a string, such as \"O=Alice, L=London, C=GB\".");
            return TryParse(reader.GetString(), out MemberX500Name? name, out string? problem) ? name : throw new JsonException(problem);
        }

        public override void Write(Utf8JsonWriter writer, MemberX500Name value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.canonical);

        public override MemberX500Name ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Parse(reader.GetString()!);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, MemberX500Name value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value.canonical);
    }
}
