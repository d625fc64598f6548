"""The schema of the log, step by step (Alembic): the same steps for SQLite and PostgreSQL."""

from __future__ import annotations

import io
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from meeple.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest revision in ``versions``. Revisions are numbers of four digits.
HEAD = "0004"

# Alembic's ``op`` and ``context`` are global: one migration at a time in a process.
_one_at_a_time = threading.Lock()


def upgrade(path: Path) -> None:
    """Bring the file to `HEAD`, in one transaction; an empty file gets the whole schema.

    A file that is at `HEAD` costs one query: Alembic is imported only when there is work for it.

    Raises:
        ConfigurationError: the file is of a newer Meeple, or is not Meeple's.
        sqlite3.Error: it cannot be read.
    """
    revision = _revision(path)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise ConfigurationError(
            f"{path} was written by a newer Meeple (its schema is {revision}, this one knows "
            f"{HEAD}). Install that version again, or use another database file."
        )
    _migrate(path)


def _revision(path: Path) -> str | None:
    connection = sqlite3.connect(path)
    try:
        tables = {
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise ConfigurationError(f"{path} is a SQLite database, but not one of Meeple's.")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else str(row[0])
    finally:
        connection.close()


def postgres_script(revision: str | None) -> str:
    """The statements that bring a PostgreSQL database from that revision (None: empty) to `HEAD`.

    They are to be run in one transaction. A revision that is made for PostgreSQL too must
    therefore be all SQL, and look at nothing.

    Raises:
        ConfigurationError: there is no way from there.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    script = io.StringIO()
    config = Config(output_buffer=script)
    _find_scripts(config)
    try:
        with _one_at_a_time:
            command.upgrade(config, f"{revision or 'base'}:{HEAD}", sql=True)
    except CommandError as error:
        raise ConfigurationError(f"No way from the schema {revision}: {error}") from error
    return script.getvalue()


def _find_scripts(config: Config) -> None:
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))


def _migrate(path: Path) -> None:
    # Half a second to import, which a start with an up-to-date file need not wait for.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import URL, NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError

    config = Config()
    _find_scripts(config)
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    try:
        with _one_at_a_time, engine.connect() as connection:
            # Otherwise the driver commits each CREATE by itself, and a kill leaves half a schema.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except (CommandError, SQLAlchemyError) as error:
        raise ConfigurationError(f"{path} could not be brought up to date: {error}") from error
