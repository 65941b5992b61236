using Corda.Workers.Messaging;
using Corda.Workers.Messaging.Bus;
using Corda.Workers.Messaging.StateAndEvent;

namespace Corda.Tests.Messaging;

/// <summary>Crash markers as they are written.</summary>
internal static class CrashMarkers
{
    public static bool IsSettled(OutgoingRecord record) => KeyComparer.Instance.Equals(record.Key, PartitionStates<Text>.MarkerKey) && IsSettled(record.Value);

    public static bool IsSettled(byte[]? marker) => marker is not null && CrashMarker.Decode(marker).Settled;
}
