#pragma warning disable RS0030 // These break the rules on purpose: a rule that finds nothing here finds nothing anywhere.
using Corda.Workers.Contracts;

namespace Corda.Tests.Architecture.Planted.Rpc
{
    internal sealed class Intruder(Flow.Secret secret)
    {
        public string Read() => secret.Text + Topics.VirtualNodeInfo.Name + DateTimeOffset.UtcNow;
    }
}

namespace Corda.Tests.Architecture.Planted.Flow
{
    internal sealed record Secret(string Text);

    internal sealed class ImpureProcessor
    {
        private readonly HttpClient client = new();

        public Task<string> Process() => client.GetStringAsync(new Uri("http://localhost"));
    }
}
