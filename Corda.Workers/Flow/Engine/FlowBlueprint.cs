using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Corda.Flows;
using Corda.Flows.CompilerServices;
using Corda.Workers.Contracts;
using Corda.Workers.Flow.Services;
using Corda.Workers.Packaging;

namespace Corda.Workers.Flow.Engine;

/// <summary>How a flow class is constructed and called: compiled once for each class, and forgotten with its package.</summary>
internal sealed class FlowBlueprint
{
    private static readonly ConditionalWeakTable<Type, FlowBlueprint> Known = [];

    private readonly Func<FlowServices, object> construct;
    private readonly IStartableCall? startableCall;

    private FlowBlueprint(Type type)
    {
        ClassName = type.FullName!;
        Initiates = type.GetCustomAttribute<InitiatingFlowAttribute>();
        construct = CompileConstructor(type);
        startableCall = StartableCall.Of(type);
    }

    public string ClassName { get; }

    /// <summary>The protocol the class opens sessions with, or null.</summary>
    public InitiatingFlowAttribute? Initiates { get; }

    public static FlowBlueprint Of(Type type) => Known.GetValue(type, static t => new FlowBlueprint(t));

    /// <summary>The scope of a flow of this class.</summary>
    public FlowScope NewScope(FlowScope? parent) => new(parent, ClassName, Initiates?.Protocol, Initiates?.Versions ?? []);

    /// <summary>Constructs the flow and calls it. Only on its fiber.</summary>
    public FlowTask CallStartable(FlowServices services, string requestBody) => startableCall!.Call(construct(services), requestBody);

    /// <summary>Constructs the responder and calls it. Only on its fiber.</summary>
    public FlowTask CallResponder(FlowServices services, FlowSession session) => ((ResponderFlow)construct(services)).Call(session);

    /// <summary>The result of an ended flow as JSON; null where the class has none.</summary>
    public string? ResultOf(FlowTask ended) => startableCall?.ResultOf(ended);

    private static Func<FlowServices, object> CompileConstructor(Type type)
    {
        if (type.IsAbstract || type.GetConstructors() is not [{ } constructor])
        {
            throw new FlowPackageException($"The flow {type.FullName} cannot be constructed: it must be a class with exactly one public constructor.");
        }

        ParameterExpression services = Expression.Parameter(typeof(FlowServices));
        IEnumerable<Expression> arguments = constructor.GetParameters().Select(parameter => Expression.Convert(
            Expression.Call(services, nameof(FlowServices.Get), null, Expression.Constant(parameter.ParameterType)), parameter.ParameterType));
        return Expression.Lambda<Func<FlowServices, object>>(Expression.New(constructor, arguments), services).Compile();
    }

    private interface IStartableCall
    {
        FlowTask Call(object flow, string requestBody);

        string ResultOf(FlowTask ended);
    }

    private static class StartableCall
    {
        public static IStartableCall? Of(Type type)
        {
            for (Type? ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
            {
                if (!ancestor.IsGenericType || ancestor.GetGenericTypeDefinition() != typeof(ClientStartableFlow<,>)) continue;
                Type call = typeof(StartableCall<,>).MakeGenericType(ancestor.GetGenericArguments());
                return (IStartableCall)Activator.CreateInstance(call)!;
            }

            return null;
        }
    }

    private sealed class StartableCall<TRequest, TResult> : IStartableCall
    {
        public FlowTask Call(object flow, string requestBody) => ((ClientStartableFlow<TRequest, TResult>)flow).Call(Read(requestBody));

        public string ResultOf(FlowTask ended) => JsonSerializer.Serialize(((FlowTask<TResult>)ended).Result, FlowJson.Options);

        private static TRequest Read(string requestBody)
        {
            try
            {
                return JsonSerializer.Deserialize<TRequest>(requestBody, FlowJson.Options)!;
            }
            catch (JsonException cause)
            {
                throw new FlowException($"The request body is not a {typeof(TRequest)}: {cause.Message}", cause);
            }
        }
    }
}
