using System.Reflection;

namespace Corda.Workers.Packaging;

/// <summary>A flow package in memory: one assembly with its private dependencies, in a load context of its own, named by its content.</summary>
/// <param name="Name">The assembly's name.</param>
/// <param name="Version">The assembly's version.</param>
/// <param name="Hash">SHA-256 of the package's content, hex, lower case. Checkpoints pin it.</param>
/// <param name="Assemblies">The package's own assemblies, the main one first. Only their types (and a fixed table) come to life from a checkpoint.</param>
/// <param name="Flows">The client-startable flows, by full class name.</param>
/// <param name="Responders">The responder flows.</param>
internal sealed record FlowPackage(
    string Name,
    string Version,
    string Hash,
    IReadOnlyList<Assembly> Assemblies,
    IReadOnlyDictionary<string, StartableFlowDefinition> Flows,
    IReadOnlyList<ResponderFlowDefinition> Responders);

/// <summary>A flow class that clients start.</summary>
/// <param name="ClassName">The full name.</param>
/// <param name="Type">The class.</param>
/// <param name="RequestType">What requestBody must fit.</param>
/// <param name="ResultType">What the flow answers.</param>
/// <param name="Protocol">Its own protocol, or null.</param>
/// <param name="ProtocolVersions">The versions it speaks.</param>
internal sealed record StartableFlowDefinition(
    string ClassName, Type Type, Type RequestType, Type ResultType, string? Protocol, int[] ProtocolVersions);

/// <summary>A flow class that answers sessions.</summary>
/// <param name="ClassName">The full name.</param>
/// <param name="Type">The class.</param>
/// <param name="Protocol">The protocol it answers.</param>
/// <param name="ProtocolVersions">The versions it answers.</param>
internal sealed record ResponderFlowDefinition(string ClassName, Type Type, string Protocol, int[] ProtocolVersions);
