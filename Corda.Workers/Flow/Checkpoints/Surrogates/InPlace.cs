using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>
/// Makes a framework object in a place that others already refer to: graphs have cycles, so every object is allocated before what it is
/// made of is known.
/// </summary>
internal static class InPlace
{
    private static readonly Func<object, object> CloneOf =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    /// <summary>A constructor that is called on an allocated object.</summary>
    /// <typeparam name="TDelegate">An action: first the object, then the constructor's parameters.</typeparam>
    public static TDelegate Constructor<TDelegate>(Type type, params Type[] parameters)
        where TDelegate : Delegate
    {
        const BindingFlags any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        ConstructorInfo constructor = type.GetConstructor(any, parameters) ?? throw new MissingMethodException(type.FullName, ".ctor");
        Type[] arguments = [.. typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(p => p.ParameterType)];
        var method = new DynamicMethod($"Construct {type}", null, arguments, typeof(InPlace).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        for (int i = 0; i < arguments.Length; i++) il.Emit(OpCodes.Ldarg, (short)i);
        il.Emit(OpCodes.Call, constructor);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>();
    }

    /// <summary>Makes one object of a type the shallow copy of another (from, to). For types nothing else can construct in place.</summary>
    public static Action<object, object> Copy(Type type)
    {
        Type[] arguments = [typeof(object), typeof(object)];
        var method = new DynamicMethod($"Copy {type}", null, arguments, typeof(InPlace).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        foreach (FieldInfo field in SavedFields.Of(type, typeof(object)))
        {
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, field);
            il.Emit(OpCodes.Stfld, field);
        }

        il.Emit(OpCodes.Ret);
        Action<object, object> copy = method.CreateDelegate<Action<object, object>>();
        return (from, to) =>
        {
            if (from.GetType() != type || to.GetType() != type) throw FrameGraphReader.Damaged($"a {from.GetType()} stands for a {type}");
            copy(from, to);
        };
    }

    public static object Clone(object value) => CloneOf(value);

    /// <summary>Reads the one field of that type.</summary>
    public static Func<TOwner, TField> FieldOf<TOwner, TField>() => FieldOf<TOwner, TField>(typeof(TOwner));

    /// <summary>Reads the one field of that type of an exact type.</summary>
    public static Func<TOwner, TField> FieldOf<TOwner, TField>(Type owner)
    {
        FieldInfo field = SavedFields.Of(owner, typeof(object)).Single(f => f.FieldType == typeof(TField));
        var method = new DynamicMethod($"Get {field}", typeof(TField), [typeof(TOwner)], typeof(InPlace).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<TOwner, TField>>();
    }

    public static T Allocate<T>()
        where T : class => (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
}
