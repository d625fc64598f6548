"""Connections to PostgreSQL: where it is, how long anything may take, and what went wrong."""

from __future__ import annotations

import logging
from typing import NamedTuple

import asyncpg

from meeple.errors import ConfigurationError
from meeple.store.postgres_url import label

logger = logging.getLogger(__name__)

#: The oldest release that is supported by its makers when this was written.
OLDEST = 14

#: The values of one append are at fault, and not the line.
FAULTS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,  # said by the driver, before anything is sent
)

#: Anything else that the driver says; TimeoutError and what the sockets say are OSErrors.
TROUBLE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


class Limits(NamedTuple):
    """How long things may take, in seconds.

    Attributes:
        connect: to connect.
        statement: one statement, on the server; this side gives up a second later.
        lock: to wait for what another node's statement holds, on the server.
        idle: how long a client may hold a transaction open and say nothing, on the server: a node
            that is stopped in the middle must not hold up the others.
        patience: how long appends are tried again when the line is lost.
    """

    connect: float = 3.0
    statement: float = 4.0
    lock: float = 2.0
    idle: float = 5.0
    patience: float = 8.0

    @property
    def answer(self) -> float:
        """To wait for an answer, on this side."""
        return self.statement + 1


USUAL = Limits()


class Line:
    """How to reach one database.

    Args:
        url: ``postgresql://user:password@host:port/database``, several hosts with commas; what
            follows ``?`` is libpq's, or a setting of the server's.
        limits: the time limits.
        name: what the connections are called in the server's list.

    Raises:
        ConfigurationError: it is no such URL.
    """

    def __init__(self, url: str, limits: Limits, name: str = "meeple") -> None:
        self.limits = limits
        self.label = label(url)
        self._url = url
        self._settings = {
            "application_name": name,
            "default_transaction_isolation": "read committed",
            "statement_timeout": _ms(limits.statement),
            "lock_timeout": _ms(limits.lock),
            "idle_in_transaction_session_timeout": _ms(limits.idle),
            # How soon the server notices a client that is gone without a word.
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
            "tcp_user_timeout": "20000",
            # Statements here are short; compiling one costs more than running it.
            "jit": "off",
        }

    async def connect(self) -> asyncpg.Connection:
        """A new connection, to a server that can be written.

        Raises:
            TROUBLE: there is none.
            ValueError: the URL is none.
        """
        connection = await asyncpg.connect(
            self._url,
            timeout=self.limits.connect,
            command_timeout=self.limits.answer,
            server_settings=self._settings,
            target_session_attrs="read-write",
        )
        try:
            await connection.execute(_SESSION)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def check_server(self, connection: asyncpg.Connection) -> None:
        """Raises `ConfigurationError` if the log cannot be kept there; warns of what is risky."""
        version = connection.get_server_version().major
        if version < OLDEST:
            raise ConfigurationError(f"{self.label}: PostgreSQL {version} is older than {OLDEST}.")
        encoding = await connection.fetchval("SHOW server_encoding")
        if encoding != "UTF8":
            raise ConfigurationError(f"{self.label}: its encoding is {encoding}; UTF8 is needed.")
        for setting in ("fsync", "full_page_writes"):
            if await connection.fetchval(f"SHOW {setting}") == "off":
                logger.warning(
                    "%s runs with %s=off: acknowledged actions can be lost.", self.label, setting
                )


#: The server may be set to answer before anything is on the disk; a stricter setting is kept.
_SESSION = """
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') = 'off';
    SELECT set_config('transaction_timeout', (2 * setting::int)::text, false)
      FROM pg_settings
     WHERE name = 'statement_timeout'
       AND EXISTS (SELECT FROM pg_settings WHERE name = 'transaction_timeout');
"""


def _ms(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
