using System.Collections;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Corda.Flows;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>
/// An exception as message, cause, HRESULT, stack text, data and the fields of its own type. It comes back as itself, so that
/// <c>catch (MyException e) when (e.Code == 3)</c> works; one that no table knows comes back as a <see cref="FlowException"/> that names
/// it.
/// </summary>
internal sealed class ExceptionPlan : TypePlan
{
    private static readonly Action<object, string?, Exception?> Construct =
        InPlace.Constructor<Action<object, string?, Exception?>>(typeof(Exception), typeof(string), typeof(Exception));

    private static readonly Func<Exception, string?> StackText = NonVirtual<string?>("get_StackTrace");
    private static readonly Func<Exception, IDictionary> DataOf = NonVirtual<IDictionary>("get_Data");
    private readonly CompiledFields<object>? ownFields;
    private readonly Type? original;

    /// <summary>The plan of an exception type that comes back as itself.</summary>
    public ExceptionPlan(Type type, TypePlans plans)
        : base(type) => ownFields = plans.Fields.ForObjects(type, typeof(Exception));

    private ExceptionPlan(Type type, Type original)
        : base(type) => this.original = original;

    /// <summary>The plan of an exception type that comes back as a stand-in.</summary>
    public static ExceptionPlan StandIn(Type original) => new(typeof(FlowException), original);

    public override object ReadNew(FrameGraphReader reader) => RuntimeHelpers.GetUninitializedObject(Type);

    public override long BodyBytesMin(object value) => 5;

    public override void WriteBody(FrameGraphWriter writer, object value)
    {
        var error = (Exception)value;
        string? message = original is null ? MessageOf(error) : $"{original.FullName}: {error.Message}";
        writer.StringReference(message);
        writer.Reference(error.InnerException);
        writer.Int32(error.HResult);
        writer.StringReference(StackText(error));
        IDictionary? data = StoredData(error);
        writer.Varint((uint)(data?.Count ?? 0));
        foreach (DictionaryEntry entry in data ?? new Dictionary<object, object>())
        {
            writer.Reference(entry.Key);
            writer.Reference(entry.Value);
        }

        ownFields?.Write!(writer, value);
    }

    public override void ReadBody(FrameGraphReader reader, object value)
    {
        var error = (Exception)value;
        string? message = reader.StringReference();
        Construct(value, message, (Exception?)reader.Reference());
        error.HResult = reader.Int32();
        RemoteStackText(error) = reader.StringReference();
        int dataCount = reader.Count(2);
        for (int i = 0; i < dataCount; i++)
        {
            object key = reader.Reference() ?? throw FrameGraphReader.Damaged("an exception's data has no key");
            object? item = reader.Reference();
            reader.WhenAllIsRead(() => DataOf(error)[key] = item);
        }

        ownFields?.Read!(reader, value);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? MessageOf(Exception error);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_remoteStackTraceString")]
    private static extern ref string? RemoteStackText(Exception error);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_data")]
    private static extern ref IDictionary? StoredData(Exception error);

    /// <summary>The property of Exception itself, whatever the flow's types make of it.</summary>
    private static Func<Exception, T> NonVirtual<T>(string getter)
    {
        var method = new DynamicMethod(getter, typeof(T), [typeof(Exception)], typeof(ExceptionPlan).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Exception).GetMethod(getter, BindingFlags.Instance | BindingFlags.Public)!);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<Exception, T>>();
    }
}
