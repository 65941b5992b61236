using System.Text.Json.Nodes;
using Corda.FaultFlows;

namespace Corda.IntegrationTests.Faults.Oracle;

/// <summary>What a client asks for, and what must come of it.</summary>
internal abstract record FlowWork
{
    /// <summary>The class to start.</summary>
    public abstract string FlowClass { get; }

    /// <summary>The body of the request.</summary>
    public abstract object Body { get; }

    /// <summary>How it must end.</summary>
    public virtual string MustEnd => "COMPLETED";

    /// <summary><see cref="Steps"/>.</summary>
    internal sealed record OfSteps(string Counterparty, int Count, int SleepMs) : FlowWork
    {
        public override string FlowClass => typeof(Steps).FullName!;

        public override object Body => new { counterparty = Counterparty, count = Count, sleepMs = SleepMs };

        public override string ToString() => $"{Count} steps, {SleepMs} ms";
    }

    /// <summary><see cref="Transfer"/>.</summary>
    internal sealed record OfTransfer(string[] Counterparties, int Coins, int Rounds, int SleepMs) : FlowWork
    {
        public override string FlowClass => typeof(Transfer).FullName!;

        public override object Body => new { counterparties = Counterparties, coins = Coins, rounds = Rounds, sleepMs = SleepMs };

        public override string ToString() => $"transfer of {Coins} in {Rounds}";
    }

    /// <summary><see cref="Chatter"/>.</summary>
    internal sealed record OfChatter(string Counterparty, int Rounds) : FlowWork
    {
        public override string FlowClass => typeof(Chatter).FullName!;

        public override object Body => new { counterparty = Counterparty, rounds = Rounds };

        public override string ToString() => $"{Rounds} words";
    }

    /// <summary><see cref="Poison"/>.</summary>
    internal sealed record OfPoison(string How, int Bytes = 0) : FlowWork
    {
        public override string FlowClass => typeof(Poison).FullName!;

        public override object Body => new { how = How, bytes = Bytes };

        public override string MustEnd => "FAILED";

        public override string ToString() => $"poison that will {How}";
    }

    /// <summary>Reads a result as the platform writes it.</summary>
    public static JsonNode Result(string? json) => JsonNode.Parse(json ?? "null") ?? throw new FormatException("A completed flow without a result.");
}
