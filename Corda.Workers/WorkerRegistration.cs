using Corda.Workers.Rpc;
using Microsoft.Extensions.DependencyInjection;

namespace Corda.Workers;
internal static class WorkerRegistration
{
    public static void AddCordaWorkers(this IServiceCollection services, CordaOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(options.Rpc);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<VirtualNodeView>();
        services.AddSingleton<FlowStatusView>();
        services.AddSingleton<StartableFlows>();
        services.AddSingleton<FlowStarter>();
        services.AddSingleton<FlowKiller>();
    }
}
