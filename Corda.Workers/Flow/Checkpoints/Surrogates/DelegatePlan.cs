using System.Reflection;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

/// <summary>
/// A delegate as targets and methods. Only methods that the package declares: a checkpoint must not become a way to call others.
/// </summary>
internal sealed class DelegatePlan(Type type, TypePlans plans) : TypePlan(type)
{
    public override bool StandsWhole => true;

    public override void WriteNew(FrameGraphWriter writer, object value)
    {
        var whole = (Delegate)value;
        if (whole.HasSingleTarget)
        {
            writer.Varint(1u);
            WriteOne(writer, whole);
            return;
        }

        Delegate[] parts = whole.GetInvocationList();
        writer.Varint((uint)parts.Length);
        foreach (Delegate part in parts) WriteOne(writer, part);
    }

    public override object ReadNew(FrameGraphReader reader)
    {
        int count = reader.Count(2);
        if (count == 1) return ReadOne(reader);
        var parts = new Delegate[count];
        for (int i = 0; i < count; i++) parts[i] = ReadOne(reader);
        return Delegate.Combine(parts) ?? throw FrameGraphReader.Damaged("a delegate calls nothing");
    }

    private void WriteOne(FrameGraphWriter writer, Delegate one)
    {
        byte[] code = plans.CodeOf(one.Method) ?? throw writer.Refuse(
            Type, $"it calls {one.Method.DeclaringType}.{one.Method.Name}, which is not the package's own; wrap the call in a lambda", one);
        writer.TypeCode(code);
        writer.Reference(one.Target);
    }

    private Delegate ReadOne(FrameGraphReader reader)
    {
        MethodInfo method = plans.MethodByCode(reader.TypeCode());
        object? target = reader.Reference();
        if (target is null && !method.IsStatic) throw FrameGraphReader.Damaged($"a delegate to {method} has no target");
        return Delegate.CreateDelegate(Type, target, method, throwOnBindFailure: false)
            ?? throw FrameGraphReader.Damaged($"{method} does not fit {Type}");
    }
}
