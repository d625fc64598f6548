"""The databases and the Redis that the settings name: the log of games, presence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from burner_redis import BurnerRedis

from meeple.bus.address import client_factory
from meeple.config import Settings
from meeple.protocols import AdminStore, Clock, GameLog
from meeple.services.connection_manager import ConnectionManager
from meeple.store import postgres_url
from meeple.store.memory_admin import MemoryAdminStore
from meeple.store.sqlite import SqliteGameLog
from meeple.store.sqlite_admin import SqliteAdminStore


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[GameLog]:
    """The settings' log by itself; raises as `open_node` does."""
    log = await _open_log(settings)
    try:
        yield log
    finally:
        await log.aclose()


async def _open_log(settings: Settings) -> GameLog:
    if settings.postgres_url is None:
        return await SqliteGameLog.open(settings.database_path)
    # Its driver takes a while to import, which most servers on one machine never need.
    from meeple.store.postgres import PostgresGameLog

    return await PostgresGameLog.open(settings.postgres_url)


def admin_store(log: GameLog) -> AdminStore:
    """Where it is kept what admins did: beside the games."""
    if isinstance(log, SqliteGameLog):
        return SqliteAdminStore(log)
    # Its driver takes a while to import, as above.
    from meeple.store.postgres import PostgresGameLog
    from meeple.store.postgres_admin import PostgresAdminStore

    if isinstance(log, PostgresGameLog):
        return PostgresAdminStore(log)
    structlog.get_logger(__name__).warning("what admins do is not kept: not with this log")
    return MemoryAdminStore()


def log_label(settings: Settings) -> str:
    """Where the settings' log is, as it may be shown: a URL's password is left out."""
    url = settings.postgres_url
    return postgres_url.label(url) if url else str(settings.database_path)


def connection_manager(settings: Settings, clock: Clock | None = None) -> ConnectionManager:
    """Presence on the settings' Redis, or on an embedded one."""
    return ConnectionManager(redis_factory(settings.redis), ttl=settings.presence_ttl, clock=clock)


def redis_factory(url: str) -> Callable[[], Any]:
    """Makes clients of the Redis at ``url``; of a new embedded one for ``memory://``."""
    if url == "memory://":
        return lambda: BurnerRedis()
    return client_factory(url)
