"""The schema of the PostgreSQL log: made or brought up to date by whichever node is first."""

from __future__ import annotations

import asyncio

import asyncpg

from meeple.errors import ConfigurationError
from meeple.store import migrations
from meeple.store.postgres_line import TROUBLE, Line

#: One node at a time migrates; the number is arbitrary, and Meeple's in this database.
LOCK = 0x6D656570_6C650000

#: Seconds between attempts to reach a server that is not there yet.
PAUSE = 0.25
#: How long another node's migration, or this one, may take.
PATIENCE = 600.0


async def prepare(line: Line, seconds: float) -> None:
    """Bring the schema to this version's, and see that the server is fit for it.

    Args:
        line: where it is.
        seconds: how long to wait for a server that does not answer yet.

    Raises:
        ConfigurationError: it cannot be reached or used, or a newer Meeple wrote it.
    """
    connection = await _connect(line, seconds)
    try:
        await line.check_server(connection)
        if not _is_current(await _revision(connection, line), line):
            await _migrate(connection, line)
    except TROUBLE as trouble:
        raise ConfigurationError(f"{line.label} cannot be used: {trouble}") from trouble
    finally:
        connection.terminate()


async def _connect(line: Line, seconds: float) -> asyncpg.Connection:
    give_up_at = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            return await line.connect()
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
            if asyncio.get_running_loop().time() >= give_up_at:
                raise _unreachable(line, error) from None
            await asyncio.sleep(PAUSE)
        except (*TROUBLE, ValueError) as error:  # it answers, and will say the same again
            raise _unreachable(line, error) from None


def _unreachable(line: Line, error: Exception) -> ConfigurationError:
    # What the driver says of an URL may quote it, and so the password.
    said = type(error).__name__ if isinstance(error, ValueError) else error or type(error).__name__
    return ConfigurationError(f"{line.label} cannot be reached: {said}")


async def _revision(connection: asyncpg.Connection, line: Line) -> str | None:
    # Asked of the table of tables: what `to_regclass` says may be older than the lock.
    found = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relname IN ('alembic_version', 'entries', 'games')"
    )
    names = {name for (name,) in found}
    if "alembic_version" in names:
        revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return revision
    if names:
        raise ConfigurationError(
            f"{line.label} has tables of these names that are not Meeple's; give it a database of "
            "its own."
        )
    return None


def _is_current(revision: str | None, line: Line) -> bool:
    if revision is not None and revision > migrations.HEAD:
        raise ConfigurationError(
            f"{line.label} was written by a newer Meeple (its schema is {revision}, this one knows "
            f"{migrations.HEAD}). Install that version again, or use another database."
        )
    return revision == migrations.HEAD


async def _migrate(connection: asyncpg.Connection, line: Line) -> None:
    async with connection.transaction():
        await connection.execute(
            "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN"
            " ('statement_timeout', 'lock_timeout', 'transaction_timeout',"
            " 'idle_in_transaction_session_timeout')"
        )
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK, timeout=PATIENCE)
        revision = await _revision(connection, line)
        if not _is_current(revision, line):
            script = await asyncio.to_thread(migrations.postgres_script, revision)
            await connection.execute(script, timeout=PATIENCE)
