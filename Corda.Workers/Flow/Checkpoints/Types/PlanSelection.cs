using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Corda.Workers.Flow.Checkpoints.Surrogates;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>Chooses the plan of a type: what may come to life from a checkpoint is decided here, and nowhere else.</summary>
internal static class PlanSelection
{
    private static readonly TypePlan[] Leaves =
    [
        new LeafPlan<string>((w, v) => w.Text(v), r => r.Text()),
        new LeafPlan<Uri>((w, v) => w.Text(v.OriginalString), r => new Uri(r.Text(), UriKind.RelativeOrAbsolute)),
        new LeafPlan<Version>((w, v) => w.Text(v.ToString()), r => Version.Parse(r.Text())),
        new WellKnownPlan(
            typeof(StringComparer), StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, StringComparer.InvariantCulture,
            StringComparer.InvariantCultureIgnoreCase),
        new WellKnownPlan(typeof(ReferenceEqualityComparer), ReferenceEqualityComparer.Instance),
        new WellKnownPlan(typeof(DBNull), DBNull.Value),
        new WellKnownPlan(typeof(CultureInfo), CultureInfo.InvariantCulture),
    ];

    public static TypePlan For(Type type, TypePlans plans)
    {
        Type shown = PublicTypeOf(type);
        if (Array.Find(Leaves, plan => plan.Type == shown) is { } leaf) return leaf.Copy();
        if (shown == typeof(Type)) return new LeafPlan<Type>((w, v) => WriteType(w, v, plans), r => plans.Codes.DecodeType(r.TypeCode()));
        if (shown == typeof(JsonNode)) return new LeafPlan<JsonNode>(JsonValues.Write, JsonValues.ReadNode);
        if (shown == typeof(StringBuilder)) return new StringBuilderPlan();
        if (DefaultComparer(shown) is { } comparer) return comparer;
        if (Enumerators.PlanOf(type, plans) is { } enumerator) return enumerator;
        if (Collections.PlanOf(type, plans) is { } collection) return collection;
        if (type.IsArray) return ArrayOf(type, plans);
        if (type.IsValueType) return BoxOf(type, plans);
        if (type.IsAssignableTo(typeof(Delegate))) return new DelegatePlan(type, plans);
        if (WhyNot(type, plans) is { } whyNot) return new RefusedPlan(type, whyNot);
        if (!type.IsAssignableTo(typeof(Exception))) return new ObjectPlan(type, plans.Fields.ForObjects(type, typeof(object)));
        return plans.Codes.Encode(type) is null ? ExceptionPlan.StandIn(type) : new ExceptionPlan(type, plans);
    }

    /// <summary>Why no object of a class can be saved by its fields, or null where it can.</summary>
    private static string? WhyNot(Type type, TypePlans plans)
    {
        bool exception = type.IsAssignableTo(typeof(Exception));
        if (type.IsAbstract || type.IsInterface || type.ContainsGenericParameters) return "it has no objects";
        if (!exception && !plans.Codes.Declares(type) && !IsOfTables(type)) return UnsaveableTypes.WhatToDo(type);
        for (Type declaring = type; declaring != typeof(object) && declaring != typeof(Exception); declaring = declaring.BaseType!)
        {
            if (plans.Codes.Declares(declaring))
            {
                const BindingFlags own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                if (declaring.GetMethod("Finalize", own, Type.EmptyTypes) is not null) return UnsaveableTypes.Finalizer;
            }
            else if (!exception && !IsOfTables(declaring) && SavedFields.Of(declaring, declaring.BaseType!).Count > 0)
            {
                return $"it derives from {declaring}, whose state is hidden; {UnsaveableTypes.WhatToDo(declaring)}";
            }
        }

        return null;
    }

    private static bool IsOfTables(Type type) =>
        FrameworkTypeTable.IsSavedByFields(Definition(type)) || SdkTypeTable.PlaceOf(Definition(type)) is not null;

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    /// <summary>The framework hides some types behind a public one.</summary>
    private static Type PublicTypeOf(Type type)
    {
        if (type.Assembly != typeof(object).Assembly && type.Assembly != typeof(JsonNode).Assembly) return type;
        foreach (Type shown in (Type[])[typeof(Type), typeof(StringComparer), typeof(JsonNode)])
        {
            if (type.IsSubclassOf(shown)) return shown;
        }

        for (Type? parent = type.BaseType; parent is not null; parent = parent.BaseType)
        {
            if (Definition(parent) == typeof(EqualityComparer<>) || Definition(parent) == typeof(Comparer<>)) return parent;
        }

        return type;
    }

    private static WellKnownPlan? DefaultComparer(Type type)
    {
        if (Definition(type) != typeof(EqualityComparer<>) && Definition(type) != typeof(Comparer<>)) return null;
        return new WellKnownPlan(type, type.GetProperty(nameof(Comparer<>.Default))!.GetValue(null)!);
    }

    private static TypePlan ArrayOf(Type type, TypePlans plans)
    {
        Type element = type.GetElementType()!;
        if (element.IsPointer || element.IsFunctionPointer) return new RefusedPlan(type, UnsaveableTypes.Native);
        return (TypePlan)Activator.CreateInstance(typeof(ArrayPlan<>).MakeGenericType(element), type, plans.Codec(element))!;
    }

    private static TypePlan BoxOf(Type type, TypePlans plans)
    {
        if (type.IsByRefLike || type == typeof(void) || type.ContainsGenericParameters || Nullable.GetUnderlyingType(type) is not null)
        {
            return new RefusedPlan(type, "it has no boxes");
        }

        if (ValueCodecs.IsSavedByFields(type, plans)) return new ObjectPlan(type, plans.Fields.ForObjects(type, typeof(object)));
        return (TypePlan)Activator.CreateInstance(typeof(BoxPlan<>).MakeGenericType(type), plans.Codec(type))!;
    }

    private static void WriteType(FrameGraphWriter writer, Type type, TypePlans plans)
    {
        string whatToDo = $"{type} belongs neither to the package nor to the table; keep its name instead";
        writer.TypeCode(plans.Codes.Encode(type) ?? throw writer.Refuse(typeof(Type), whatToDo, type));
    }
}
