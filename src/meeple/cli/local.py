"""A PostgreSQL and a Valkey of one's own, from their wheels, for several workers on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from filelock import Timeout
from msgspec.structs import replace

from meeple.cli.guard import Guard, services_lock
from meeple.config import Settings
from meeple.errors import ConfigurationError

if TYPE_CHECKING:  # an optional extra, loaded only when it is needed
    from meeple.cli.local_services import Service

log = structlog.get_logger(__name__)

NEEDED = (
    "workers share a database and a Redis: give --database postgresql://… and --redis redis://…,"
    " or install what Meeple can start by itself: pip install 'meeple[local]'"
)
#: Seconds to wait for a data folder that another server uses.
OWN = 1.0
#: Seconds between two looks whether the services still run.
LOOK_EVERY = 1.0


async def open_local(
    stack: AsyncExitStack, settings: Settings, sockets: Path, gone: int
) -> Settings:
    """Start what the settings give no URL for; the settings with the URLs.

    What was started is started again if it dies, and stopped with the ``stack``, or once ``gone``
    ends, if this process is killed.

    Args:
        stack: closed by the caller.
        settings: the settings.
        sockets: a folder with a short path.
        gone: file descriptor of a pipe that this process and all workers hold the other end of.

    Raises:
        ConfigurationError: what would be started is not installed, or does not start.
    """
    if settings.database and settings.postgres_url is None:
        raise ConfigurationError("database: a SQLite file has one owner; workers need PostgreSQL")
    folder = settings.data_folder.resolve()
    services: list[Service] = []
    urls = {}
    try:
        if not settings.database:
            from meeple.cli.local_services import LocalPostgres

            postgres = LocalPostgres(folder / "postgres", sockets / "postgres")
            services.append(postgres)
            urls["database"] = postgres.url
        if settings.redis == "memory://":
            from meeple.cli.local_services import LocalValkey

            valkey = LocalValkey(folder / "valkey", sockets / "valkey")
            services.append(valkey)
            urls["redis"] = valkey.url
    except ImportError as error:
        raise ConfigurationError(NEEDED) from error
    if services:
        # First, so that there is no moment in which nobody would end the others.
        await _run(stack, folder, [Guard(folder, sockets, gone), *services])
    return replace(settings, **urls)


async def _run(stack: AsyncExitStack, folder: Path, services: Sequence[Service]) -> None:
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        _own(stack, folder)
    except OSError as error:
        raise ConfigurationError(f"data: {error}") from error
    for service in services:
        stack.push_async_callback(asyncio.to_thread, service.stop)
        try:
            await asyncio.to_thread(service.start)
        except Exception as error:  # whatever keeps it from starting
            raise ConfigurationError(
                f"{service.name} does not start in {service.folder}: {error}"
            ) from error
        log.info("started", service=service.name, folder=str(service.folder))
    # Before any of them is stopped, nobody watches it any more.
    watching = asyncio.create_task(_watch(services))
    stack.push_async_callback(_cancelled, watching)


def _own(stack: AsyncExitStack, folder: Path) -> None:
    """Two at once would stop each other's services."""
    lock = services_lock(folder)
    try:
        # A guard of one that was killed has it for a moment.
        lock.acquire(timeout=OWN)
    except Timeout as error:
        raise ConfigurationError(f"{folder} is in use by another Meeple server") from error
    stack.callback(lock.release)


async def _watch(services: Sequence[Service]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        for service in services:
            await _look_after(service)


async def _look_after(service: Service) -> None:
    try:
        if await asyncio.to_thread(service.running):
            return
        log.error("service died", service=service.name)
        await asyncio.to_thread(service.start)
    except Exception:  # it is tried again, for as long as there are players
        log.exception("service not started", service=service.name)
    else:
        log.info("started", service=service.name, folder=str(service.folder))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
