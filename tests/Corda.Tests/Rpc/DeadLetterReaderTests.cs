using Corda.Tests.Support;
using Corda.Workers.Messaging.Bus.Embedded;
using Corda.Workers.Rpc;
using Microsoft.Extensions.Logging.Abstractions;

namespace Corda.Tests.Rpc;

/// <summary>Reading dead letters, when many ask at once.</summary>
public sealed class DeadLetterReaderTests
{
    [Fact]
    public async Task However_many_ask_one_reads_at_a_time_and_nobody_elses_thread_waits()
    {
        await using var inner = new EmbeddedBus(new MemoryLogStore(), new EmbeddedBusOptions(), TimeProvider.System, NullLogger<EmbeddedBus>.Instance);
        using var brokers = new ManualResetEventSlim();
        int reading = 0;
        int readingMax = 0;
        var bus = new FaultyBus(inner)
        {
            EnsuringTopics = () =>
            {
                readingMax = Math.Max(readingMax, Interlocked.Increment(ref reading));
                brokers.Wait(TimeSpan.FromSeconds(30));
                Interlocked.Decrement(ref reading);
            },
        };
        using var reader = new DeadLetterReader(bus, TimeProvider.System);

        var asked = Enumerable.Range(0, 20).Select(_ => reader.LatestAsync(10, CancellationToken.None)).ToList();
        Assert.DoesNotContain(asked, static one => one.IsCompleted);
        brokers.Set();

        foreach (var one in asked) Assert.Empty(await one);
        Assert.Equal(1, readingMax);
    }
}
