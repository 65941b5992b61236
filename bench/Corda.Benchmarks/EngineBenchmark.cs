using System.Diagnostics;

namespace Corda.Benchmarks;

/// <summary>Conversations of 20 rounds between two flows through the engine alone: every suspension is saved, with and without restoring from bytes.</summary>
internal static class EngineBenchmark
{
    private const int Rounds = 20;
    private const int Conversations = 2_000;

    public static void Run()
    {
        Console.WriteLine("| every step begins | µs a step | steps a conversation | conversations/s on one thread |");
        Console.WriteLine("|---|---:|---:|---:|");
        Measure("with the live frames", new EnginePingPong(bytes: false));
        Measure("from bytes", new EnginePingPong(bytes: true));
    }

    private static void Measure(string way, EnginePingPong engine)
    {
        for (int i = 0; i < Conversations / 4; i++) engine.Run(-i - 1, Rounds);
        long begin = Stopwatch.GetTimestamp();
        int steps = 0;
        for (int i = 0; i < Conversations; i++) steps += engine.Run(i, Rounds);
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        Console.WriteLine($"| {way} | {took.TotalMicroseconds / steps:F1} | {(double)steps / Conversations:F0} | {Conversations / took.TotalSeconds:F0} |");
    }
}
