namespace Corda.IntegrationTests.Faults.Proxy;

/// <summary>What a connection through the proxy has to bear.</summary>
/// <param name="Delay">Of every frame, each way.</param>
/// <param name="Jitter">At most so much more or less; frames of a connection keep their order.</param>
/// <param name="BytesPerSecond">Of every connection, each way; null for no limit.</param>
/// <param name="ResetShare">The share of frames on which their connection is reset, 0 to 1.</param>
internal sealed record Weather(TimeSpan Delay = default, TimeSpan Jitter = default, int? BytesPerSecond = null, double ResetShare = 0)
{
    public static readonly Weather Fair = new();
}
