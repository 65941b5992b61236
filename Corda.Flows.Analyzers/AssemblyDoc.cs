namespace Corda.Flows.Analyzers;
