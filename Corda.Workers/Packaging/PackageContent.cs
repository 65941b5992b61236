using System.Security.Cryptography;
using System.Text;

namespace Corda.Workers.Packaging;

/// <summary>The bytes of a package, read once: what is hashed is what is kept and what runs.</summary>
/// <param name="Files">The main assembly, then the private ones by name.</param>
internal sealed record PackageContent(IReadOnlyList<PackageFile> Files)
{
    /// <summary>One line a file, as <c>sha256sum -c</c> reads them; the main assembly first.</summary>
    public string Manifest { get; } = string.Concat(Files.Select(file => $"{file.Hash}  {file.Name}\n"));

    /// <summary>SHA-256 of the manifest, hex, lower case: names the package.</summary>
    public string Hash => HashOf(Encoding.UTF8.GetBytes(Manifest));

    /// <summary>Reads what an author delivered.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static PackageContent Read(PackageSource source) => new(
    [
        PackageFile.Read(source.Main, Path.GetFileName(source.Main)),
        .. source.Private.Select(path => PackageFile.Read(path, PackageFile.PrivateFolder + Path.GetFileName(path))),
    ]);

    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>One assembly of a package.</summary>
/// <param name="Name">Its path in the package: the main assembly at the top, private ones under <c>lib/</c>.</param>
/// <param name="Bytes">The assembly.</param>
/// <param name="Symbols">Its debug symbols, for line numbers in stack traces, or null. Not part of the package's identity.</param>
internal sealed record PackageFile(string Name, byte[] Bytes, byte[]? Symbols)
{
    public const string PrivateFolder = "lib/";

    /// <summary>SHA-256, hex, lower case.</summary>
    public string Hash { get; } = PackageContent.HashOf(Bytes);

    public string AssemblyName => Path.GetFileNameWithoutExtension(Name);

    public static PackageFile Read(string path, string name)
    {
        string symbols = Path.ChangeExtension(path, ".pdb");
        return new PackageFile(name, File.ReadAllBytes(path), File.Exists(symbols) ? File.ReadAllBytes(symbols) : null);
    }
}
