"""The files of the SQLite log: who owns them, who may read them, how they are opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from meeple.errors import ConfigurationError, DatabaseInUse


def claim(path: Path) -> FileLock:
    """Make the file if it is missing, and own it; the lock dies with the process.

    Raises:
        DatabaseInUse: somebody else owns it.
        ConfigurationError: the file or its lock cannot be made.
    """
    with as_configuration_error(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the permissions of the database.
        path.touch(mode=0o600)
        lock = FileLock(f"{path}.lock", mode=0o600, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise DatabaseInUse(
                f"{path} is in use by another Meeple server. Stop that one first, or give this "
                "one another database file (--database)."
            ) from None
    return lock


def connect_writer(path: Path, *, busy_seconds: float, max_bytes: int | None) -> sqlite3.Connection:
    """The one connection that writes; nothing is acknowledged before it is on the disk.

    Raises:
        ConfigurationError: it is not a database, or its file system cannot do WAL.
    """
    with as_configuration_error(path):
        connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise ConfigurationError(f"{path}: this file system cannot hold a SQLite WAL.")
            connection.execute("PRAGMA synchronous = FULL")
            # Without it, a Mac's fsync stops at the drive's own cache.
            connection.execute("PRAGMA fullfsync = ON")
            # Games are spread over the file, so a batch dirties a page for each of them: a
            # checkpoint every 16 MB writes such a page once for many appends.
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
            connection.execute("PRAGMA cache_size = -32000")
            if max_bytes is not None:
                (page_size,) = connection.execute("PRAGMA page_size").fetchone()
                connection.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_size)}")
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection that only reads, and sees at once whatever was committed."""
    return sqlite3.connect(
        f"{path.as_uri()}?mode=ro", uri=True, timeout=busy_seconds, isolation_level=None
    )


@contextmanager
def as_configuration_error(path: Path) -> Iterator[None]:
    """Turn what the system or SQLite says about the file into a `ConfigurationError`."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"{path} cannot be used as the database: {error}") from error
