using System.Collections;
using System.Reflection;
using System.Text;
using Corda.Flows.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>
/// Says in an author's words where a value stands in a flow: method, local variable, and the way from there. Slow; only for errors.
/// </summary>
internal static class ValuePath
{
    private const int ItemsSearchedMax = 10_000;

    private const string DebugBuild =
        " (In a debug build every local variable counts, in a release build only those used after the await.)";

    /// <summary>The error for a value that cannot be saved.</summary>
    /// <param name="path">The objects from the fiber down to the one that refers to the value.</param>
    /// <param name="type">The value's type.</param>
    /// <param name="value">The value, where it is an object.</param>
    /// <param name="whatToDo">What the author should do instead.</param>
    public static CheckpointException Describe(IReadOnlyList<object> path, Type type, object? value, string whatToDo)
    {
        int frame = LastFrame(path);
        var way = new StringBuilder();
        string? method = null;
        bool debugBuild = false;
        for (int i = Math.Max(frame, 0); i < path.Count; i++)
        {
            object from = path[i];
            object? to = i + 1 < path.Count ? path[i + 1] : value;
            string step = Step(from, to, type, i + 1 == path.Count);
            if (from is IFlowFrame && MachineOf(from) is { } machine)
            {
                method = AuthorsNames.OfStateMachine(machine.GetType());
                debugBuild = !machine.GetType().IsValueType;
                // In a debug build the machine is an object of its own: its fields are the locals, one step further on.
                if (debugBuild && ReferenceEquals(to, machine)) continue;
            }

            Append(way, step);
        }

        string flow = path.Count > 0 && path[0] is FlowFiber fiber ? fiber.Scope.FlowClassName : "the flow";
        string where = method is null ? "" : $" In {method},";
        string debug = debugBuild ? DebugBuild : "";
        return new CheckpointException(
            $"Flow {flow} cannot be suspended:{where} {(way.Length == 0 ? "a value" : way)} is a {TypeNames.Readable(type)}, "
            + $"which a checkpoint cannot hold. What to do: {whatToDo}.{debug}");
    }

    private static int LastFrame(IReadOnlyList<object> path)
    {
        for (int i = path.Count - 1; i >= 0; i--)
        {
            if (path[i] is IFlowFrame) return i;
        }

        return -1;
    }

    private static object? MachineOf(object frame) => SavedFields
        .Of(frame.GetType(), typeof(object)).Find(f => f.Name == "machine")?.GetValue(frame);

    private static void Append(StringBuilder way, string step)
    {
        if (way.Length == 0) way.Append(step.TrimStart('.'));
        else way.Append(step.Replace("local variable ", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal));
    }

    /// <summary>How one object refers to another: a field, through structs, or an item.</summary>
    private static string Step(object from, object? to, Type type, bool last)
    {
        string? found = Among(from, from.GetType(), to, type, last);
        if (found is not null) return found;
        return from is IEnumerable items ? ItemStep(items, to) : "";
    }

    private static string? Among(object owner, Type ownerType, object? to, Type type, bool last)
    {
        foreach (FieldInfo field in SavedFields.Of(ownerType, typeof(object)))
        {
            object? content = field.FieldType.IsPointer || field.FieldType.IsByRefLike ? null : field.GetValue(owner);
            bool isObject = to is not null && !to.GetType().IsValueType;
            bool hit = isObject ? ReferenceEquals(content, to) : last && (field.FieldType == type || content?.GetType() == type);
            if (hit) return TypeNames.Field(field);
            if (content is null || !field.FieldType.IsValueType || field.FieldType.IsPrimitive || field.FieldType.IsEnum) continue;
            if (Among(content, field.FieldType, to, type, last) is not { } inner) continue;
            return field.Name == "machine" ? inner : TypeNames.Field(field) + inner;
        }

        return null;
    }

    private static string ItemStep(IEnumerable items, object? to)
    {
        int index = 0;
        foreach (object? item in items)
        {
            if (item is not null && ReferenceEquals(item, to)) return $"[{index}]";
            if (++index > ItemsSearchedMax) break;
        }

        return "[...]";
    }
}
