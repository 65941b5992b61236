namespace Corda.Workers.Storage;

/// <summary>A database or data folder cannot be used; the message says what, where and what to do.</summary>
internal sealed class StorageException(string message, Exception? cause = null) : Exception(message, cause);
