using System.Diagnostics;
using Corda.Tests.Support;
using Corda.Workers.Storage;

namespace Corda.Tests.Storage;

public sealed class DataFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Folder_in_use_is_refused_by_name_until_it_is_let_go()
    {
        string path = folder["new", "data"];
        using (new DataFolder(path))
        {
            StorageException refused = Assert.Throws<StorageException>(() => new DataFolder(path));
            Assert.Contains(path, refused.Message);
            Assert.Contains("Corda:DataFolder", refused.Message);
        }

        using DataFolder again = new(path);
        Assert.Equal(path, again.FullPath);
    }

    [SkippableOnLinuxFact]
    public void Folder_held_by_another_process_is_refused_and_free_when_that_process_is_killed()
    {
        Directory.CreateDirectory(folder["data"]);
        using Process holder = Process.Start(new ProcessStartInfo("flock", ["-o", folder["data", "lock"], "sh", "-c", "echo held; read line"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        Assert.Equal("held", holder.StandardOutput.ReadLine());

        Assert.Throws<StorageException>(() => new DataFolder(folder["data"]));
        holder.Kill(entireProcessTree: true);
        holder.WaitForExit();

        new DataFolder(folder["data"]).Dispose();
    }

    [Fact]
    public void File_in_the_place_of_the_folder_is_refused_with_advice()
    {
        File.WriteAllText(folder["data"], "");

        Assert.Contains("Corda:DataFolder", Assert.Throws<StorageException>(() => new DataFolder(folder["data"])).Message);
    }

    [Fact]
    public void Sub_folders_are_made_where_they_are_missing()
    {
        using DataFolder data = new(folder["data"]);

        Assert.True(Directory.Exists(data.SubFolder("bus")));
    }

    /// <summary>Needs the flock tool, which speaks the same lock as the runtime does.</summary>
    private sealed class SkippableOnLinuxFactAttribute : FactAttribute
    {
        public SkippableOnLinuxFactAttribute()
        {
            if (!File.Exists("/usr/bin/flock"))
            {
                Skip = "no flock tool here";
            }
        }
    }
}
