using System.Globalization;

namespace Corda.Demo;

/// <summary>What the demo shows, with colours where the output is a terminal.</summary>
internal static class Screen
{
    private const double StepsPerMark = 10;

    private static bool Coloured => !Console.IsOutputRedirected;

    public static void Say(string text) => Console.WriteLine(text);

    public static void Draw(TimeSpan time, IReadOnlyList<Worker> workers, int ended, int flows)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds,5:F1} s   flows ended: {ended}/{flows}"));
        foreach (Worker worker in workers)
        {
            string marks = new('#', (int)Math.Round(worker.StepsPerSecond / StepsPerMark));
            string partitions = worker.Dead ? "killed" : string.Join(' ', worker.Partitions);
            string line = string.Create(CultureInfo.InvariantCulture, $"   {worker.Id,-8} {partitions,-36} {worker.StepsPerSecond,5:F0} steps/s {marks}");
            Console.WriteLine(Colour(line, worker.Dead ? 31 : 32));
        }
    }

    public static void Verdict(bool good, string text) => Console.WriteLine(Colour($"{(good ? "PASSED" : "FAILED")}: {text}", good ? 92 : 91));

    private static string Colour(string text, int ansi) => Coloured ? $"\e[{ansi}m{text}\e[0m" : text;

    /// <summary>A flow worker as it is shown.</summary>
    internal sealed record Worker(string Id, bool Dead, IReadOnlyList<int> Partitions, double StepsPerSecond);
}
