namespace Corda.Workers.Storage;

/// <summary>
/// The folder with everything this process keeps, opened for this process alone: an operating-system lock on the file <c>lock</c> in it is held until the end of
/// the process, however it ends. Two processes on one folder would each believe to be the only writer.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream lockFile;

    /// <summary>Creates the folder where it is missing and locks it.</summary>
    /// <exception cref="StorageException">It is in use, or may not be written. The message says what to do.</exception>
    public DataFolder(string path)
    {
        FullPath = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(FullPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the data folder '{FullPath}' cannot be created: {e.Message}; set Corda:DataFolder to a folder that this process may write", e);
        }

        lockFile = Lock();
    }

    /// <summary>Where it is.</summary>
    public string FullPath { get; }

    /// <summary>A folder within it, created where it is missing.</summary>
    public string SubFolder(string name) => Directory.CreateDirectory(Path.Combine(FullPath, name)).FullName;

    /// <summary>Lets go of the folder.</summary>
    public void Dispose() => lockFile.Dispose();

    private FileStream Lock()
    {
        string file = Path.Combine(FullPath, "lock");
        try
        {
            // FileShare.None is an advisory lock of the operating system (flock on Unix): it ends with the process, so a stale file locks nobody out.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StorageException($"the data folder '{FullPath}' may not be written by this process: {e.Message}; change its owner, or set Corda:DataFolder", e);
        }
        catch (IOException e)
        {
            throw new StorageException(
                $"the data folder '{FullPath}' is in use by another process (its file '{file}' is locked): stop that process, or set Corda:DataFolder to another folder", e);
        }
    }
}
