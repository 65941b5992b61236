using System.Reflection;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>The fields of a type that are saved: all but static ones and those marked <see cref="NonSerializedAttribute"/>.</summary>
internal static class SavedFields
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>
    /// The fields of a type and its bases below <paramref name="stop"/>, in an order that is the same on every worker: bases first, then by
    /// name, then (two fields of one name can only come from a compiler) as declared.
    /// </summary>
    public static List<FieldInfo> Of(Type type, Type stop)
    {
        var fields = new List<FieldInfo>();
        for (Type? declaring = type; declaring is not null && declaring != stop; declaring = declaring.BaseType)
        {
            IEnumerable<FieldInfo> own = declaring.GetFields(Own).Where(f => !f.IsDefined(typeof(NonSerializedAttribute), inherit: false));
            fields.InsertRange(0, own.OrderBy(f => f.Name, StringComparer.Ordinal).ThenBy(f => f.MetadataToken));
        }

        return fields;
    }
}
