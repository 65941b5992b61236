using System.Diagnostics;
using System.Reflection;
using Corda.Workers.Messaging.Bus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Corda.FaultHost;

/// <summary>
/// The real host, entry point and all, with one thing exchanged: its bus is wrapped before the first service is made. So a test can let a worker die, or be a bad worker, at a
/// point that no signal from outside hits, and the product knows nothing of it.
/// </summary>
internal static class EntryPoint
{
    private const string HostingListener = "Microsoft.Extensions.Hosting";
    private const string HostBuilding = "HostBuilding";

    public static int Main(string[] args)
    {
        new Thread(DieWithTheTest) { IsBackground = true }.Start();
        using IDisposable all = DiagnosticListener.AllListeners.Subscribe(new OnNext<DiagnosticListener>(listener =>
        {
            if (listener.Name == HostingListener) listener.Subscribe(new OnNext<KeyValuePair<string, object?>>(OnHosting));
        }));
        return (int)typeof(Program).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null)!;
    }

    // The test holds the other end of standard input, and lets go of it when it ends, however it ends.
    private static void DieWithTheTest()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] nothing = new byte[1];
        while (input.Read(nothing) > 0)
        {
            // Nobody says anything.
        }

        Process.GetCurrentProcess().Kill();
    }

    // The host tells of itself just before it is built: what test servers hook into, too.
    private static void OnHosting(KeyValuePair<string, object?> what)
    {
        if (what is { Key: HostBuilding, Value: IHostBuilder builder }) builder.ConfigureServices((_, services) => WrapBus(services));
    }

    private static void WrapBus(IServiceCollection services)
    {
        ServiceDescriptor real = services.Single(service => service.ServiceType == typeof(IMessageBus));
        Func<IServiceProvider, object> make = real.ImplementationFactory
            ?? throw new InvalidOperationException("The bus is no longer registered by a factory; wrap it another way.");
        services.Remove(real);
        services.AddSingleton<IMessageBus>(provider => FaultSettings.FromEnvironment().Wrap((IMessageBus)make(provider)));
    }

    private sealed class OnNext<T>(Action<T> action) : IObserver<T>
    {
        void IObserver<T>.OnNext(T value) => action(value);

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
