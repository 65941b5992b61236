using System.Collections.Frozen;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Corda.Flows;
using Corda.Flows.CompilerServices;

namespace Corda.Workers.Flow.Checkpoints.Types;

/// <summary>
/// The SDK's types in a fixed order. Append only: a type's place is part of saved flows. The SDK is not pinned with a package, so its types
/// are known by place and their fields by name; <see cref="Layout"/> tells two incompatible versions apart.
/// </summary>
internal static class SdkTypeTable
{
    private const int TypesAtFirst = 40;

    private static readonly Type[] Types =
    [
        typeof(FlowFiber), typeof(FlowScope), typeof(FlowFrame<,>), typeof(FlowOperation<>), typeof(FirstToEnd),
        typeof(FlowTask), typeof(FlowTask<>), typeof(FlowTaskAwaiter), typeof(FlowTaskAwaiter<>), typeof(Settled),
        typeof(FlowTaskMethodBuilder), typeof(FlowTaskMethodBuilder<>), typeof(Unit), typeof(FlowTaskState),
        typeof(IFlowOperation), typeof(IFlowContinuation), typeof(IFlowFrame), typeof(ISessionOperations),
        typeof(FlowSession), typeof(FlowInfo), typeof(FlowSessionOptions), typeof(MemberX500Name), typeof(Corda.Flows.MemberInfo),
        typeof(ClientStartableFlow<,>), typeof(ResponderFlow), typeof(SubFlow<>),
        typeof(IFlowEngine), typeof(IFlowContextProperties), typeof(IFlowMessaging), typeof(IFlowLog), typeof(IMemberLookup),
        typeof(FlowException), typeof(FlowSessionException), typeof(FlowSessionTimeoutException), typeof(CounterpartyFlowException),
        typeof(FlowUsageException),
        MachineOf(typeof(AllToEnd), "Await"), MachineOf(typeof(AllToEnd), "Collect"), MachineOf(typeof(SubFlowRunner), "RunInScope"),
        typeof(SubFlowRunner.IScopeEnd),
    ];

    private static readonly FrozenDictionary<Type, int> Places =
        Types.Select((type, place) => KeyValuePair.Create(type, place)).ToFrozenDictionary();

    /// <summary>
    /// A fingerprint of the fields of the types that the format began with. Differs where frames of another SDK would be misread; does not
    /// when types are added.
    /// </summary>
    public static ushort Layout { get; } = Fingerprint(Describe().Take(TypesAtFirst));

    public static int? PlaceOf(Type definition) => Places.TryGetValue(definition, out int place) ? place : null;

    public static Type At(int place) => (uint)place < (uint)Types.Length
        ? Types[place]
        : throw FrameGraphReader.Damaged($"it refers to SDK type {place} of {Types.Length}");

    /// <summary>The table as text, a line for each type: its place, its name, its fields as they are saved.</summary>
    public static IEnumerable<string> Describe() => Types.Select((type, place) =>
        $"{place} {type}: {string.Join(", ", SavedFields.Of(type, typeof(Exception)).Select(f => $"{f.FieldType} {f.Name}"))}");

    private static ushort Fingerprint(IEnumerable<string> lines)
    {
        uint hash = 2166136261;
        foreach (byte b in Encoding.UTF8.GetBytes(string.Join('\n', lines))) hash = (hash ^ b) * 16777619;
        return (ushort)(hash ^ (hash >> 16));
    }

    private static Type MachineOf(Type declaring, string method) =>
        declaring.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .GetCustomAttribute<AsyncStateMachineAttribute>()!.StateMachineType;
}
