import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from meeple.engine.time_controls import ByoYomi
from meeple.errors import ConfigurationError
from meeple.store import migrations
from meeple.store.sqlite import SqliteGameLog
from tests.store.making import entries, row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in found}
    finally:
        connection.close()


def contents(path: Path) -> bytes:
    return path.read_bytes()


def execute(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute(statement)
    finally:
        connection.close()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.HEAD]
    revisions = [each.revision for each in script.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert all(len(revision) == 4 and revision.isdecimal() for revision in revisions)


def test_an_empty_file_gets_the_whole_schema(path: Path) -> None:
    migrations.upgrade(path)
    assert tables(path) == {
        "alembic_version",
        "entries",
        "games",
        "game_players",
        "deadlines",
        "beats",
        "outages",
        "acts",
        "sanctions",
    }


def test_a_file_at_head_is_left_as_it_is_and_alembic_is_not_loaded(path: Path) -> None:
    migrations.upgrade(path)
    before = contents(path)
    script = (
        "import pathlib, sys; from meeple.store import migrations;"
        "migrations.upgrade(pathlib.Path(sys.argv[1]));"
        "print('alembic' in sys.modules or 'sqlalchemy' in sys.modules)"
    )
    child = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.PIPE,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert child.stdout == b"False\n"
    assert contents(path) == before


@pytest.mark.parametrize("revision", ["0005", "9999", "a later scheme"])
async def test_a_newer_database_is_refused_and_left_as_it_is(path: Path, revision: str) -> None:
    log = await SqliteGameLog.open(path)
    await log.append("g", 0, entries("g", 0, 1))
    await log.aclose()
    execute(path, f"UPDATE alembic_version SET version_num = '{revision}'")
    before = contents(path)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="newer Meeple") as caught:
            await SqliteGameLog.open(path)
        assert caught.value.code == "configuration_error"
        assert str(path) in caught.value.message
    assert contents(path) == before


async def test_rows_from_before_there_was_a_time_control_have_none(path: Path) -> None:
    log = await SqliteGameLog.open(path)
    await log.append("g", 0, entries("g", 0, 1), row=row("g"))
    await log.aclose()
    execute(path, "ALTER TABLE games DROP COLUMN time_control")
    execute(path, "UPDATE alembic_version SET version_num = '0003'")
    log = await SqliteGameLog.open(path)
    assert await log.find_game("g") == row("g")
    control = ByoYomi(main=600, periods=3, period=30)
    await log.append("g", 1, entries("g", 1, 1), row=row("g", time_control=control))
    assert await log.find_game("g") == row("g", time_control=control)
    await log.aclose()


async def test_a_revision_that_never_was_is_refused(path: Path) -> None:
    migrations.upgrade(path)
    execute(path, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(ConfigurationError, match="0000"):
        await SqliteGameLog.open(path)


async def test_somebody_elses_database_is_refused_and_left_as_it_is(path: Path) -> None:
    execute(path, "CREATE TABLE recipes (name TEXT)")
    before = contents(path)
    with pytest.raises(ConfigurationError, match="not one of Meeple's"):
        await SqliteGameLog.open(path)
    assert contents(path) == before


async def test_a_migration_that_fails_half_way_leaves_nothing(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ConfigurationError):
            await SqliteGameLog.open(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert tables(path) == set()
    log = await SqliteGameLog.open(path)
    await log.append("g", 0, entries("g", 0, 1))
    await log.aclose()
