using System.Collections.Concurrent;
using System.Reflection;
using Corda.Workers.Flow.Checkpoints.Values;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>
/// The plans of one package's types and of the tables' types as that package uses them. Thread-safe. Everything compiled hangs on this
/// object, so that it goes when the package's load context does.
/// </summary>
internal sealed class TypePlans
{
    private readonly ConcurrentDictionary<Type, TypePlan> plans = [];
    private readonly ConcurrentDictionary<byte[], TypePlan> plansByCode = new(CodeComparer.Instance);
    private readonly ConcurrentDictionary<byte[], TypePlan>.AlternateLookup<ReadOnlySpan<byte>> byCode;
    private readonly ConcurrentDictionary<byte[], MethodInfo> methodsByCode = new(CodeComparer.Instance);
    private readonly ConcurrentDictionary<byte[], MethodInfo>.AlternateLookup<ReadOnlySpan<byte>> methodByCode;
    private readonly ConcurrentDictionary<MethodInfo, byte[]> methodCodes = [];
    private readonly ConcurrentDictionary<Type, object> codecs = [];
    private int lastNumber;

    public TypePlans(FlowPackage package)
    {
        Codes = new TypeCodes(package.Assemblies);
        Fields = new FieldCompiler(this);
        byCode = plansByCode.GetAlternateLookup<ReadOnlySpan<byte>>();
        methodByCode = methodsByCode.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public TypeCodes Codes { get; }

    public FieldCompiler Fields { get; }

    /// <summary>The plan for objects whose runtime type this is.</summary>
    public TypePlan Of(Type type) => plans.TryGetValue(type, out TypePlan? plan) ? plan : plans.GetOrAdd(type, Make);

    /// <summary>The plan of a type that stands in a graph.</summary>
    /// <exception cref="CheckpointException">There is no such type, or no object of it can come to life.</exception>
    public TypePlan ByCode(ReadOnlySpan<byte> code)
    {
        if (byCode.TryGetValue(code, out TypePlan? plan)) return plan;
        Type type = Codes.DecodeType(code);
        plan = Of(type);
        bool canBeSaved = plan is not RefusedPlan && plan.Code.AsSpan().SequenceEqual(code);
        if (!canBeSaved) throw FrameGraphReader.Damaged($"no object of {type} can be saved");
        byCode.TryAdd(code, plan);
        return plan;
    }

    /// <summary>How values of a type are saved where they stand: as items of an array, inside a box, in a nullable.</summary>
    public ValueCodec<T> Codec<T>() => (ValueCodec<T>)Codec(typeof(T));

    /// <inheritdoc cref="Codec{T}"/>
    public object Codec(Type type) => codecs.GetOrAdd(type, static (t, plans) => ValueCodecs.Make(t, plans), this);

    /// <summary>The code of a method for a delegate, or null where it is not one of the package.</summary>
    public byte[]? CodeOf(MethodInfo method)
    {
        if (methodCodes.TryGetValue(method, out byte[]? code)) return code;
        code = Codes.Encode(method);
        if (code is not null) methodCodes.TryAdd(method, code);
        return code;
    }

    public MethodInfo MethodByCode(ReadOnlySpan<byte> code)
    {
        if (methodByCode.TryGetValue(code, out MethodInfo? method)) return method;
        method = Codes.DecodeMethod(code);
        methodByCode.TryAdd(code, method);
        return method;
    }

    private TypePlan Make(Type type)
    {
        TypePlan plan = PlanSelection.For(type, this);
        if (plan is not RefusedPlan)
        {
            byte[]? code = Codes.Encode(plan.Type);
            if (code is null) plan = new RefusedPlan(type, UnsaveableTypes.WhatToDo(type));
            else plan.Code = code;
        }

        plan.Number = Interlocked.Increment(ref lastNumber);
        return plan;
    }

    private sealed class CodeComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly CodeComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] code) => GetHashCode(code.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public int GetHashCode(ReadOnlySpan<byte> code)
        {
            uint hash = 2166136261;
            foreach (byte b in code) hash = (hash ^ b) * 16777619;
            return (int)hash;
        }
    }
}
