using System.Text;
using Corda.Workers.Flow.Checkpoints.Types;

namespace Corda.Workers.Flow.Checkpoints.Surrogates;

internal sealed class StringBuilderPlan() : TypePlan(typeof(StringBuilder))
{
    private static readonly Action<StringBuilder, string> Construct =
        InPlace.Constructor<Action<StringBuilder, string>>(typeof(StringBuilder), typeof(string));

    public override object ReadNew(FrameGraphReader reader) => InPlace.Allocate<StringBuilder>();

    public override long BodyBytesMin(object value) => 1;

    public override void WriteBody(FrameGraphWriter writer, object value) => writer.Text(value.ToString()!);

    public override void ReadBody(FrameGraphReader reader, object value) => Construct((StringBuilder)value, reader.Text());
}
