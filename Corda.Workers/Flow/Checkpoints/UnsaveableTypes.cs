using System.Collections;
using System.Data.Common;
using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Corda.Workers.Flow.Checkpoints;

/// <summary>What to tell the author of a flow that holds what no checkpoint can hold.</summary>
internal static class UnsaveableTypes
{
    public const string Native = "pointers and handles mean nothing in another process; make it again after the await";
    public const string Cancellation = "a flow is stopped by killing it, and waits with a timeout; do without cancellation tokens";
    public const string Finalizer = "it has a finalizer, so it owns something outside of the program; make it again after the await";

    public const string ForeignException = "catch it as Exception, or copy what you need of it before the await";

    private static readonly (Type Type, string WhatToDo)[] Known =
    [
        (typeof(Task), "await only flow operations; do I/O outside of flows"),
        (typeof(ValueTask), "await only flow operations; do I/O outside of flows"),
        (typeof(ValueTask<>), "await only flow operations; do I/O outside of flows"),
        (typeof(CancellationTokenSource), Cancellation),
        (typeof(CancellationTokenRegistration), Cancellation),
        (typeof(Stream), "open it again after the await, or read it to its end before"),
        (typeof(TextReader), "open it again after the await, or read it to its end before"),
        (typeof(TextWriter), "write into a StringBuilder, or open it again after the await"),
        (typeof(Socket), "do network I/O outside of flows"),
        (typeof(HttpClient), "do network I/O outside of flows"),
        (typeof(DbConnection), "use the platform's persistence instead"),
        (typeof(DbCommand), "use the platform's persistence instead"),
        (typeof(Thread), "a flow runs on one thread, and on another one after each await; do without threads"),
        (typeof(System.Threading.Timer), "use IFlowEngine.Sleep"),
        (typeof(ITimer), "use IFlowEngine.Sleep"),
        (typeof(PeriodicTimer), "use IFlowEngine.Sleep"),
        (typeof(Lock), "a flow runs on one thread at a time; do without locks"),
        (typeof(WaitHandle), "a flow runs on one thread at a time; do without locks"),
        (typeof(SemaphoreSlim), "a flow runs on one thread at a time; do without locks"),
        (typeof(ReaderWriterLockSlim), "a flow runs on one thread at a time; do without locks"),
        (typeof(Random), "make it again after the await, from a seed that you keep"),
        (typeof(Stopwatch), "keep the time at the start instead"),
        (typeof(Regex), "make it a static field, or make it again after the await"),
        (typeof(JsonDocument), "hold its RootElement.Clone() instead"),
        (typeof(IServiceProvider), "let the flow's constructor ask for the service it needs"),
        (typeof(Assembly), "keep its name instead"),
        (typeof(MemberInfo), "keep its name instead"),
    ];

    public static string WhatToDo(Type type)
    {
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        foreach ((Type known, string whatToDo) in Known)
        {
            if (type.IsAssignableTo(known) || definition == known) return whatToDo;
        }

        if (type.IsAssignableTo(typeof(IEnumerator)) || type.FullName?.StartsWith("System.Linq.", StringComparison.Ordinal) == true)
        {
            return "materialise the query with ToList() before the await, and iterate over the list";
        }

        if (type.IsAssignableTo(typeof(IEnumerable))) return "copy it into a List, a Dictionary or an array before the await";
        return type.IsAssignableTo(typeof(IDisposable))
            ? "it holds something outside of the program: make it again after the await, or keep an id instead"
            : "only types of the flow's own package and the common ones of the framework can be saved: "
                + "keep an id or a record of your own instead";
    }
}
