using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Values;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>
/// Compiles the code that writes and reads the fields of a type: private, read-only and compiler-generated ones included, structs in place
/// and without boxes.
/// </summary>
/// <remarks>
/// The IL skips the type check of its owner, which the plan's choice by exact type has made, never that of a reference it stores.
/// </remarks>
internal sealed class FieldCompiler(TypePlans plans)
{
    private static readonly MethodInfo WriteReference = typeof(FrameGraphWriter).GetMethod(nameof(FrameGraphWriter.Reference))!;
    private static readonly MethodInfo ReadReference = typeof(FrameGraphReader).GetMethod(nameof(FrameGraphReader.Reference))!;
    private static readonly MethodInfo WriteString = typeof(FrameGraphWriter).GetMethod(nameof(FrameGraphWriter.StringReference))!;
    private static readonly MethodInfo ReadString = typeof(FrameGraphReader).GetMethod(nameof(FrameGraphReader.StringReference))!;
    private static readonly MethodInfo ConstantAt =
        typeof(Unsafe).GetMethods().Single(m => m.Name == nameof(Unsafe.As) && m.GetGenericArguments().Length == 1);

    /// <summary>Compiles the body of objects; of boxed structs, where the type is one.</summary>
    /// <param name="type">The exact type of the objects.</param>
    /// <param name="stop">The base below which fields are taken.</param>
    public CompiledFields<object> ForObjects(Type type, Type stop)
    {
        var emission = new Emission(plans, type, type.IsValueType ? Owner.Boxed : Owner.Object, typeof(object));
        emission.Fields(SavedFields.Of(type, stop), []);
        return emission.Finish<object>();
    }

    /// <summary>Compiles the fields of a struct at a place in memory.</summary>
    public CompiledFields<T> ForStruct<T>()
    {
        var emission = new Emission(plans, typeof(T), Owner.Reference, typeof(T).MakeByRefType());
        emission.Fields(SavedFields.Of(typeof(T), typeof(object)), []);
        return emission.Finish<T>();
    }

    private enum Owner
    {
        Object,
        Boxed,
        Reference,
    }

    /// <summary>The code under way: argument 0 holds the constants, 1 the writer or reader, 2 the owner of the fields.</summary>
    private sealed class Emission
    {
        private readonly TypePlans plans;
        private readonly Type type;
        private readonly Owner owner;
        private readonly DynamicMethod write;
        private readonly DynamicMethod read;
        private readonly ILGenerator writes;
        private readonly ILGenerator reads;
        private readonly List<object> constants = [];
        private int bytesMin;

        public Emission(TypePlans plans, Type type, Owner owner, Type ownerArgument)
        {
            (this.plans, this.type, this.owner) = (plans, type, owner);
            write = Method($"Write {type}", typeof(FrameGraphWriter), ownerArgument);
            read = Method($"Read {type}", typeof(FrameGraphReader), ownerArgument);
            (writes, reads) = (write.GetILGenerator(), read.GetILGenerator());
        }

        public CompiledFields<T> Finish<T>()
        {
            writes.Emit(OpCodes.Ret);
            reads.Emit(OpCodes.Ret);
            object[] held = [.. constants];
            return owner == Owner.Reference
                ? new CompiledFields<T>(bytesMin)
                {
                    WriteStruct = write.CreateDelegate<WriteInPlace<T>>(held),
                    ReadStruct = read.CreateDelegate<ReadInPlace<T>>(held),
                }
                : new CompiledFields<T>(bytesMin)
                {
                    Write = write.CreateDelegate<Action<FrameGraphWriter, object>>(held),
                    Read = read.CreateDelegate<Action<FrameGraphReader, object>>(held),
                };
        }

        public void Fields(IReadOnlyList<FieldInfo> fields, FieldInfo[] path)
        {
            foreach (FieldInfo field in fields) Field(field, path);
        }

        private static DynamicMethod Method(string name, Type first, Type second) =>
            new(name, null, [typeof(object[]), first, second], typeof(FieldCompiler).Module, skipVisibility: true);

        private void Field(FieldInfo field, FieldInfo[] path)
        {
            Type fieldType = field.FieldType;
            if (Primitives.Of(fieldType) is { } primitive)
            {
                bytesMin += primitive.BytesMin;
                Plain(field, path, primitive.Write, primitive.Read, null);
            }
            else if (fieldType == typeof(string))
            {
                bytesMin++;
                Plain(field, path, WriteString, ReadString, null);
            }
            else if (!fieldType.IsValueType && !ValueCodecs.IsForeignException(fieldType, plans))
            {
                bytesMin++;
                Plain(field, path, WriteReference, ReadReference, fieldType == typeof(object) ? null : fieldType);
            }
            else if (ValueCodecs.IsSavedByFields(fieldType, plans))
            {
                Fields(SavedFields.Of(fieldType, typeof(object)), [.. path, field]);
            }
            else
            {
                InPlace(field, path);
            }
        }

        private void Plain(FieldInfo field, FieldInfo[] path, MethodInfo writer, MethodInfo reader, Type? cast)
        {
            writes.Emit(OpCodes.Ldarg_1);
            LoadOwner(writes, path);
            writes.Emit(OpCodes.Ldfld, field);
            writes.Emit(OpCodes.Call, writer);

            LoadOwner(reads, path);
            reads.Emit(OpCodes.Ldarg_1);
            reads.Emit(OpCodes.Call, reader);
            if (cast is not null) reads.Emit(OpCodes.Castclass, cast);
            reads.Emit(OpCodes.Stfld, field);
        }

        private void InPlace(FieldInfo field, FieldInfo[] path)
        {
            object codec = plans.Codec(field.FieldType);
            Type codecType = typeof(ValueCodec<>).MakeGenericType(field.FieldType);
            bytesMin += (int)codecType.GetProperty(nameof(ValueCodec<>.BytesMin))!.GetValue(codec)!;
            Constant(writes, codec, codecType);
            writes.Emit(OpCodes.Ldarg_1);
            LoadOwner(writes, path);
            writes.Emit(OpCodes.Ldflda, field);
            writes.Emit(OpCodes.Callvirt, codecType.GetMethod(nameof(ValueCodec<>.Write))!);

            if (codec is ILateCodec && owner != Owner.Reference)
            {
                Type lateType = typeof(LateField<>).MakeGenericType(field.FieldType);
                Constant(reads, Activator.CreateInstance(lateType, codec, Setter(field, path))!, lateType);
                reads.Emit(OpCodes.Ldarg_1);
                reads.Emit(OpCodes.Ldarg_2);
                reads.Emit(OpCodes.Callvirt, lateType.GetMethod(nameof(LateField<>.Read))!);
                return;
            }

            Constant(reads, codec, codecType);
            reads.Emit(OpCodes.Ldarg_1);
            LoadOwner(reads, path);
            reads.Emit(OpCodes.Ldflda, field);
            reads.Emit(OpCodes.Callvirt, codecType.GetMethod(nameof(ValueCodec<>.Read))!);
        }

        private Delegate Setter(FieldInfo field, FieldInfo[] path)
        {
            DynamicMethod set = Method($"Set {field}", typeof(object), field.FieldType);
            ILGenerator il = set.GetILGenerator();
            LoadOwner(il, path, OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Stfld, field);
            il.Emit(OpCodes.Ret);
            return set.CreateDelegate(typeof(Action<,>).MakeGenericType(typeof(object), field.FieldType), Array.Empty<object>());
        }

        private void LoadOwner(ILGenerator il, FieldInfo[] path) => LoadOwner(il, path, OpCodes.Ldarg_2);

        private void LoadOwner(ILGenerator il, FieldInfo[] path, OpCode argument)
        {
            il.Emit(argument);
            if (owner == Owner.Boxed) il.Emit(OpCodes.Unbox, type);
            foreach (FieldInfo step in path) il.Emit(OpCodes.Ldflda, step);
        }

        private void Constant(ILGenerator il, object value, Type constantType)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, constants.Count);
            il.Emit(OpCodes.Ldelem_Ref);
            il.Emit(OpCodes.Call, ConstantAt.MakeGenericMethod(constantType));
            constants.Add(value);
        }
    }
}
