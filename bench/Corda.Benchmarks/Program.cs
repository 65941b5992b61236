using Corda.Benchmarks;
if (args is ["state-and-event"])
{
    StateAndEventMeasurements.Run(Directory.CreateTempSubdirectory("corda-state-and-event-").FullName);
    return;
}

if (args is ["bus"])
{
    BusMeasurements.Run(Directory.CreateTempSubdirectory("corda-bus-").FullName);
    return;
}

var d = Directory.CreateTempSubdirectory("corda-bench-").FullName;
foreach (int c in new[] { 1, 16, 64 })
  Console.WriteLine($"{c}: {RawGroupCommit.UnitsPerSecond(d, 3, 300, c, 2, TimeSpan.FromSeconds(3)):F0} units/s");
Directory.Delete(d, true);
