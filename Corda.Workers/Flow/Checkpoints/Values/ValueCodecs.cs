using System.Collections.Immutable;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using Corda.Flows;
using Corda.Workers.Flow.Checkpoints.Surrogates;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Values;

/// <summary>Chooses the codec of a type.</summary>
internal static class ValueCodecs
{
    private static readonly HashSet<Type> Blocks =
    [
        typeof(byte), typeof(sbyte), typeof(char), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(float), typeof(double), typeof(Guid), typeof(Half), typeof(Int128), typeof(UInt128), typeof(Complex),
    ];

    public static object Make(Type type, TypePlans plans)
    {
        if (BasicCodecs.All.TryGetValue(type, out object? basic)) return basic;
        if (IsForeignException(type, plans)) return Generic(typeof(RefusedCodec<>), [type], UnsaveableTypes.ForeignException);
        if (!type.IsValueType) return Generic(typeof(ReferenceCodec<>), [type]);
        if (Blocks.Contains(type) || type.IsEnum || IsBlock(type, plans)) return Generic(typeof(BlockCodec<>), [type]);
        if (type.IsGenericType && MakeGeneric(type, plans) is { } generic) return generic;
        if (IsSavedByFields(type, plans) && !HoldsEnumerator(type, plans)) return Fields(type, plans);
        return Generic(typeof(RefusedCodec<>), [type], UnsaveableTypes.WhatToDo(type));
    }

    /// <summary>Whether places of this type would not take the stand-in that comes back for an exception no table knows.</summary>
    public static bool IsForeignException(Type type, TypePlans plans) =>
        type.IsSubclassOf(typeof(Exception)) && !type.IsAssignableFrom(typeof(FlowException)) && plans.Codes.Encode(type) is null;

    /// <summary>Whether a struct is saved field by field where it stands.</summary>
    public static bool IsSavedByFields(Type type, TypePlans plans)
    {
        if (!type.IsValueType || type.IsEnum || type.IsPrimitive || type.IsByRefLike || IsBlock(type, plans)) return false;
        if (Has<InlineArrayAttribute>(type)) return false;
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        return plans.Codes.Declares(definition)
            || FrameworkTypeTable.IsSavedByFields(definition)
            || SdkTypeTable.PlaceOf(definition) is not null;
    }

    /// <summary>
    /// Structs whose fields do not tell their whole memory: unions, fixed buffers and inline arrays, as far as they hold no references.
    /// </summary>
    private static bool IsBlock(Type type, TypePlans plans) =>
        (type.IsExplicitLayout || Has<UnsafeValueTypeAttribute>(type) || Has<InlineArrayAttribute>(type))
        && plans.Codes.Declares(type) && !HoldsReferences(type);

    private static bool Has<TAttribute>(Type type) => type.IsDefined(typeof(TAttribute), inherit: false);

    private static bool HoldsReferences(Type type) => (bool)typeof(RuntimeHelpers)
        .GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static bool HoldsEnumerator(Type type, TypePlans plans) => SavedFields.Of(type, typeof(object)).Any(field =>
        field.FieldType.IsValueType
        && (Enumerators.Has(field.FieldType) || (IsSavedByFields(field.FieldType, plans) && HoldsEnumerator(field.FieldType, plans))));

    private static object? MakeGeneric(Type type, TypePlans plans)
    {
        Type definition = type.GetGenericTypeDefinition();
        Type[] arguments = type.GetGenericArguments();
        if (definition == typeof(Nullable<>)) return Generic(typeof(NullableCodec<>), arguments, plans.Codec(arguments[0]));
        if (definition == typeof(ImmutableArray<>)) return Generic(typeof(ImmutableArrayCodec<>), arguments);
        if (definition == typeof(ArraySegment<>)) return Generic(typeof(ArraySegmentCodec<>), arguments);
        if (definition == typeof(ReadOnlyMemory<>)) return Generic(typeof(ReadOnlyMemoryCodec<>), arguments);
        if (definition == typeof(Memory<>))
        {
            return Generic(typeof(MemoryCodec<>), arguments, Generic(typeof(ReadOnlyMemoryCodec<>), arguments));
        }

        return Enumerators.Has(type) ? Enumerators.CodecOf(type) : null;
    }

    private static object Fields(Type type, TypePlans plans)
    {
        object fields = typeof(FieldCompiler).GetMethod(nameof(FieldCompiler.ForStruct))!.MakeGenericMethod(type)
            .Invoke(plans.Fields, BindingFlags.DoNotWrapExceptions, null, null, null)!;
        return Generic(typeof(FieldsCodec<>), [type], fields);
    }

    private static object Generic(Type definition, Type[] arguments, params object[] parameters) =>
        Activator.CreateInstance(definition.MakeGenericType(arguments), parameters)!;
}
