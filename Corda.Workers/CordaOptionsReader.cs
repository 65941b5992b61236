using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using Corda.Flows;
using Corda.Workers.Cluster.Liveness;
using Corda.Workers.Messaging.Bus.Kafka;
using Microsoft.Extensions.Configuration;

namespace Corda.Workers;

/// <summary>Something in the configuration that is not as it must be; the message names every key, what is wrong and what would be right.</summary>
internal sealed class CordaOptionsException(string message) : Exception(message);

/// <summary>Reads section <c>Corda</c>, and refuses everything that it does not understand rather than run in a way nobody has asked for.</summary>
internal static partial class CordaOptionsReader
{
    private const string Section = "Corda";
    private const int PartitionsMax = 1024;

    /// <summary>The options.</summary>
    /// <exception cref="CordaOptionsException">Lists every problem, not only the first.</exception>
    public static CordaOptions Read(IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection(Section);
        var problems = new List<string>();
        CheckKeys(section, typeof(CordaOptions), problems);
        ThrowIfAny(problems);

        CordaOptions options = section.Get<CordaOptions>() ?? new CordaOptions();
        CheckValues(options, problems);
        ThrowIfAny(problems);
        return options;
    }

    /// <summary>The roles of a list such as <c>rpc, flow</c>.</summary>
    /// <exception cref="CordaOptionsException">A name is not a role, or there is none.</exception>
    public static IReadOnlySet<WorkerRole> Roles(CordaOptions options)
    {
        string[] names = options.Roles.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string[] unknown = [.. names.Where(name => !IsNameOf(typeof(WorkerRole), name))];
        if (unknown.Length > 0 || names.Length == 0)
        {
            string what = names.Length == 0 ? "names no role" : $"has '{string.Join("', '", unknown)}', which is no role";
            throw new CordaOptionsException($"{Section}:Roles {what}. Roles are {Choices(typeof(WorkerRole))}, with commas between.");
        }

        return names.Select(name => Enum.Parse<WorkerRole>(name, ignoreCase: true)).ToHashSet();
    }

    private static void ThrowIfAny(List<string> problems)
    {
        if (problems.Count > 0) throw new CordaOptionsException(string.Join(Environment.NewLine, problems));
    }

    private static void CheckKeys(IConfigurationSection section, Type type, List<string> problems)
    {
        if (section.Value is { Length: > 0 } text) problems.Add($"{section.Path} is a group of settings, not the value '{text}'.");
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (type.GetProperties().FirstOrDefault(known => known.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is { } property)
            {
                CheckSetting(child, property.PropertyType, problems);
                continue;
            }

            string[] known = [.. type.GetProperties().Select(candidate => candidate.Name)];
            string nearest = known.MinBy(name => Distance(name, child.Key))!;
            string hint = Distance(nearest, child.Key) <= Math.Max(2, child.Key.Length / 2) ? $" Did you mean {section.Path}:{nearest}?" : "";
            problems.Add($"{child.Path} is not a setting.{hint} There are: {string.Join(", ", known)}.");
        }
    }

    private static void CheckSetting(IConfigurationSection setting, Type declared, List<string> problems)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (type == typeof(IReadOnlyList<string>))
        {
            if (setting.Value is { Length: > 0 } text) problems.Add($"{setting.Path} is a list: write [\"{text}\"], or {setting.Path}:0 = {text}.");
        }
        else if (type == typeof(IReadOnlyDictionary<string, string>))
        {
            if (setting.Value is { Length: > 0 } text) problems.Add($"{setting.Path} is a group of names and values, not the value '{text}'.");
        }
        else if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(TimeSpan))
        {
            if (setting.GetChildren().Any()) problems.Add($"{setting.Path} is one value, not a group.");
            else CheckScalar(setting, type, problems);
        }
        else
        {
            CheckKeys(setting, type, problems);
        }
    }

    private static void CheckScalar(IConfigurationSection setting, Type type, List<string> problems)
    {
        string text = setting.Value ?? "";
        string? expected =
            type.IsEnum ? IsNameOf(type, text) ? null : $"one of {Choices(type)}"
            : type == typeof(bool) ? bool.TryParse(text, out _) ? null : "true or false"
            : type == typeof(TimeSpan) ? TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _) ? null
                : "a time span such as 00:00:30 or 7.00:00:00 (days.hours:minutes:seconds)"
            : type == typeof(string) || IsNumber(type, text) ? null : "a whole number within its limits";
        if (expected is not null) problems.Add($"{setting.Path} is '{text}', but must be {expected}.");
        else if (type != typeof(string) && IsNothing(text)) problems.Add($"{setting.Path} is {text}, but must be more than nothing.");
    }

    // Every number and every time here is a size, a count or a limit.
    private static bool IsNothing(string text) => text.StartsWith('-') || text.AsSpan().Trim("0:.").IsEmpty;

    private static bool IsNumber(Type type, string text)
    {
        TypeConverter converter = TypeDescriptor.GetConverter(type);
        try
        {
            return converter.ConvertFromInvariantString(text) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void CheckValues(CordaOptions options, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(options.DataFolder)) problems.Add($"{Section}:DataFolder is empty. Give a folder, such as ./data.");
        int partitions = options.Bus.Embedded.PartitionCount;
        if (partitions > PartitionsMax) problems.Add($"{Section}:Bus:Embedded:PartitionCount is {partitions}, but must be at most {PartitionsMax}.");
        if (string.IsNullOrWhiteSpace(options.Network.GroupId)) problems.Add($"{Section}:Network:GroupId is empty. Give the group a name.");
        if (options.Bus.Type == BusType.Kafka) problems.AddRange(KafkaOptionsCheck.Problems(options.Bus.Kafka, $"{Section}:Bus:Kafka"));
        CheckNames(options.Network.VirtualNodes, problems);
        problems.AddRange(LivenessAddress.Problems(options.Cluster.Liveness));
        if (options.Worker.Id is { } id && !WorkerId().IsMatch(id)) problems.Add($"{Section}:Worker:Id is '{id}', but must be 1 to 100 letters, digits, dots, dashes.");
        try
        {
            Roles(options);
        }
        catch (CordaOptionsException problem)
        {
            problems.Add(problem.Message);
        }
    }

    private static void CheckNames(IReadOnlyList<string> names, List<string> problems)
    {
        var seen = new HashSet<MemberX500Name>();
        for (int index = 0; index < names.Count; index++)
        {
            if (!MemberX500Name.TryParse(names[index], out MemberX500Name? name, out string? problem))
            {
                problems.Add($"{Section}:Network:VirtualNodes:{index}: {problem}.");
            }

            else if (!seen.Add(name)) problems.Add($"{Section}:Network:VirtualNodes:{index}: {name} stands there twice.");
        }
    }

    [GeneratedRegex("^[-.A-Za-z0-9]{1,100}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WorkerId();

    // Enum.TryParse takes numbers as well; a role "1" is a mistake.
    private static bool IsNameOf(Type enumType, string text) => Enum.GetNames(enumType).Contains(text, StringComparer.OrdinalIgnoreCase);

    private static string Choices(Type enumType) => string.Join(", ", Enum.GetNames(enumType));

    // Levenshtein: how many letters must change to make one of the other.
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int replaced = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
