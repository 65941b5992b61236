namespace Corda.Tests.Messaging.Store;

/// <summary>The pattern holds just so where memory has no room for any state.</summary>
public sealed class SpillingStateAndEventTests() : StateAndEventTests(spills: true);

/// <inheritdoc cref="SpillingStateAndEventTests"/>
public sealed class SpillingFaultTests() : FaultTests(spills: true);

/// <inheritdoc cref="SpillingStateAndEventTests"/>
public sealed class SpillingCautionTests() : CautionTests(spills: true);

/// <inheritdoc cref="SpillingStateAndEventTests"/>
public sealed class SpillingTimerTests() : TimerTests(spills: true);
