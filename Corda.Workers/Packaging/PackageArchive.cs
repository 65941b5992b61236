using System.Text;

namespace Corda.Workers.Packaging;

/// <summary>
/// Copies of every package this worker has ever run, <c>&lt;hash&gt;/</c> each: a flow finishes on the code it began with, whatever is
/// delivered meanwhile. A folder belongs to one process.
/// </summary>
internal sealed class PackageArchive(string folder)
{
    private const string ManifestName = "package.sha256";
    private readonly Lock saving = new();

    /// <summary>Keeps a copy, unless there is one. Atomic: a folder under the final name is whole.</summary>
    public void Save(PackageContent content)
    {
        lock (saving)
        {
            string target = FolderOf(content.Hash);
            if (Directory.Exists(target)) return;

            // One name a package: what a crash leaves behind is overwritten by the next attempt.
            string unfinished = Path.Combine(folder, $".{content.Hash}.unfinished");
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
            Directory.CreateDirectory(Path.Combine(unfinished, PackageFile.PrivateFolder));
            foreach (PackageFile file in content.Files)
            {
                WriteThrough(Path.Combine(unfinished, file.Name), file.Bytes);
                if (file.Symbols is null) continue;
                WriteThrough(Path.Combine(unfinished, Path.ChangeExtension(file.Name, ".pdb")), file.Symbols);
            }

            WriteThrough(Path.Combine(unfinished, ManifestName), Encoding.UTF8.GetBytes(content.Manifest));
            Directory.Move(unfinished, target);
        }
    }

    /// <summary>The copy with this hash, verified.</summary>
    /// <exception cref="FlowPackageException">There is none, or it is damaged; the message names the file.</exception>
    public PackageContent Load(string hash)
    {
        string copy = FolderOf(hash);
        if (!Directory.Exists(copy))
        {
            throw new FlowPackageException(
                $"There is no flow package {hash}: {copy} does not exist. Flows that began with it wait for it: "
                + "bring that folder back from a backup, or deliver the very dll it was made from once more.");
        }

        try
        {
            return Verified(copy, hash);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new FlowPackageException($"The copy of a flow package in {copy} cannot be read: {cause.Message}", cause);
        }
    }

    private static PackageContent Verified(string copy, string hash)
    {
        string manifestPath = Path.Combine(copy, ManifestName);
        byte[] manifest = File.ReadAllBytes(manifestPath);
        if (PackageContent.HashOf(manifest) != hash) throw Damaged(manifestPath, copy);

        var files = new List<PackageFile>();
        foreach (string line in Encoding.UTF8.GetString(manifest).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] hashAndName = line.Split("  ", 2);
            string path = Path.Combine(copy, hashAndName[1]);
            PackageFile file = PackageFile.Read(path, hashAndName[1]);
            if (file.Hash != hashAndName[0]) throw Damaged(path, copy);
            files.Add(file);
        }

        return new PackageContent(files);
    }

    private static FlowPackageException Damaged(string file, string copy) => new(
        $"{file} is damaged: its SHA-256 is not what it was when the package was kept. Check the disk; then bring {copy} back from a backup, "
        + "or delete it and deliver the very dll it was made from once more.");

    private static void WriteThrough(string path, byte[] bytes)
    {
        using FileStream file = File.Create(path);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    private string FolderOf(string hash) => Path.Combine(folder, hash);
}
