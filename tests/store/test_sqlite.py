"""What `SqliteGameLog` promises beyond the contract: its file, its disk, its speed."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from meeple.engine.log import GameStatus
from meeple.errors import (
    ConfigurationError,
    DatabaseInUse,
    DuplicateAction,
    SequenceConflict,
    Unavailable,
)
from meeple.protocols import Outage
from meeple.store import queries, sqlite_file
from meeple.store.sqlite import SqliteGameLog
from tests.store.making import ALICE, entries, entry, row, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


@asynccontextmanager
async def opened(path: Path | str, **settings: Any) -> AsyncIterator[SqliteGameLog]:
    log = await SqliteGameLog.open(path, **settings)
    try:
        yield log
    finally:
        await log.aclose()


@contextmanager
def outsider(path: Path) -> Iterator[sqlite3.Connection]:
    """A shell, a backup: someone who uses the file without asking Meeple."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def blocked_writer(path: Path) -> Iterator[None]:
    """While this is open, no transaction of the log can commit."""
    with outsider(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def append_soon(log: SqliteGameLog, game_id: str, seq: int = 0) -> asyncio.Future[None]:
    return log.append(game_id, seq, entries(game_id, seq, 1))


# --- the file ---------------------------------------------------------------------------------


async def test_what_was_appended_is_there_after_reopening(path: Path) -> None:
    async with opened(path) as log:
        await log.append("g", 0, [entry("g", 0, action_id="a")], row=row("g"))
    async with opened(str(path)) as log:
        assert await log.read("g") == [entry("g", 0, action_id="a")]
        assert await log.find_game("g") == row("g")
        with pytest.raises(DuplicateAction):
            await log.append("g", 1, [entry("g", 1, action_id="a")])
        with pytest.raises(SequenceConflict):
            await log.append("g", 0, entries("g", 0, 1))
        await log.append("g", 1, entries("g", 1, 1))


async def test_what_was_pending_at_close_is_there_after_reopening(path: Path) -> None:
    log = await SqliteGameLog.open(path, max_batch=7)
    tasks = [append_soon(log, f"g{n}") for n in range(50)]
    await until(lambda: log.pending > 0)
    await log.aclose()
    await asyncio.gather(*tasks)
    async with opened(path) as log:
        assert [len(await log.read(f"g{n}")) for n in range(50)] == [1] * 50


async def test_a_close_that_nobody_waits_for_is_finished_all_the_same(path: Path) -> None:
    log = await SqliteGameLog.open(path)
    with blocked_writer(path):
        appended = append_soon(log, "g")
        await until(lambda: log.pending == 1)
        impatient = asyncio.create_task(log.aclose())
        await until(lambda: log.pending == 0)
        impatient.cancel()
        await asyncio.wait([impatient])
        assert impatient.cancelled()
    await appended
    await log.aclose()
    async with opened(path) as log:
        assert len(await log.read("g")) == 1


async def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    async with opened(folder / "log.sqlite3") as log:
        await log.append("g", 0, entries("g", 0, 1))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {
        "log.sqlite3": 0o600,
        "log.sqlite3-wal": 0o600,
        "log.sqlite3-shm": 0o600,
        "log.sqlite3.lock": 0o600,
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_closed_log_leaves_one_file_with_everything_in_it(path: Path) -> None:
    async with opened(path) as log:
        await log.append("g", 0, entries("g", 0, 1))
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}
    with outsider(path) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)


async def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b?c%20#d" / "log.sqlite3"
    async with opened(path) as log:
        await log.append("g", 0, entries("g", 0, 1))
        assert len(await log.read("g")) == 1
    assert path.is_file()


def test_commits_go_to_the_disk(path: Path) -> None:
    path.touch()
    connection = sqlite_file.connect_writer(path, busy_seconds=1, max_bytes=None)
    try:
        pragmas = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "fullfsync")
        }
    finally:
        connection.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1}


async def test_the_reader_cannot_write(path: Path) -> None:
    async with opened(path):
        reader = sqlite_file.connect_reader(path, busy_seconds=1)
        try:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("DELETE FROM entries")
        finally:
            reader.close()


@pytest.mark.parametrize("kind", ["a folder", "not a database", "under a file"])
async def test_a_path_that_cannot_be_a_database_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log.sqlite3"
    if kind == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"Dear diary, " * 1000)
        if kind == "under a file":
            path = path / "log.sqlite3"
    for _ in range(2):  # the second time too: nothing was left locked
        with pytest.raises(ConfigurationError, match=r"log\.sqlite3") as caught:
            await SqliteGameLog.open(path)
        assert not isinstance(caught.value, DatabaseInUse)


# --- one owner --------------------------------------------------------------------------------


async def test_a_second_log_on_the_same_file_is_refused_at_once(path: Path) -> None:
    link = path.with_name("link.sqlite3")
    link.symlink_to(path)
    async with opened(path) as log:
        for same in (path, link):
            with pytest.raises(DatabaseInUse) as caught:
                await SqliteGameLog.open(same)
            assert str(path) in caught.value.message
            assert "Stop" in caught.value.message
        await log.append("g", 0, entries("g", 0, 1))
    async with opened(path) as log:
        assert len(await log.read("g")) == 1


CHILD = """
import asyncio, sys
from meeple.errors import DatabaseInUse
from meeple.store.sqlite import SqliteGameLog
from tests.store.making import entries

async def main():
    try:
        log = await SqliteGameLog.open(sys.argv[1])
    except DatabaseInUse as error:
        print(error.code, error.message, flush=True)
        return
    await log.append("g", 0, entries("g", 0, 3))
    print("appended", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


async def start_child(path: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


async def test_a_second_process_is_refused_until_the_first_is_gone(path: Path) -> None:
    async with opened(path):
        child = await start_child(path)
        output, _ = await child.communicate()
        assert output.decode().startswith("database_in_use ")
        assert str(path) in output.decode()

    child = await start_child(path)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"appended\n"
    with pytest.raises(DatabaseInUse):
        await SqliteGameLog.open(path)
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    async with opened(path) as log:
        assert await log.read("g") == entries("g", 0, 3)


# --- group commit -----------------------------------------------------------------------------


async def test_appends_gather_while_a_transaction_is_written(path: Path) -> None:
    async with opened(path) as log:
        with blocked_writer(path):
            first = append_soon(log, "first")
            await until(lambda: log.pending == 1)
            await until(lambda: log.pending == 0)
            others = [append_soon(log, f"g{n}") for n in range(100)]
            await until(lambda: log.pending == 100)
            assert log.stats.batches == 0
        await asyncio.gather(first, *others)
        assert (log.stats.batches, log.stats.committed) == (2, 101)


async def test_many_writers_share_few_commits(path: Path) -> None:
    async def writer(game_id: str) -> None:
        for seq in range(20):
            await log.append(game_id, seq, entries(game_id, seq, 1))

    async with opened(path) as log:
        await asyncio.gather(*(writer(f"g{n}") for n in range(100)))
        assert log.stats.committed == 2_000
        assert log.stats.batches < 200
        assert (log.stats.failed_batches, log.stats.rejected, log.stats.refused) == (0, 0, 0)
        for n in range(100):
            assert await log.read(f"g{n}") == entries(f"g{n}", 0, 20)


async def test_over_the_bound_appends_are_refused_and_nothing_else_suffers(path: Path) -> None:
    async with opened(path, max_pending=3) as log:
        with blocked_writer(path):
            first = append_soon(log, "first")
            await until(lambda: log.pending == 1)
            await until(lambda: log.pending == 0)
            others = [append_soon(log, f"g{n}") for n in range(3)]
            await until(lambda: log.pending == 3)
            with pytest.raises(Unavailable):
                await log.append("late", 0, entries("late", 0, 1))
            assert log.stats.refused == 1
        await asyncio.gather(first, *others)
        await log.append("late", 0, entries("late", 0, 1))


async def test_a_read_does_not_wait_for_the_writer(path: Path) -> None:
    async with opened(path) as log:
        await log.append("g", 0, entries("g", 0, 1), row=row("g"))
        with blocked_writer(path):
            waiting = append_soon(log, "g", 1)
            await until(lambda: log.pending == 1)
            await until(lambda: log.pending == 0)
            assert await log.read("g") == entries("g", 0, 1)
            assert await log.find_game("g") == row("g")
            assert (await log.list_games()).games == [row("g")]
            assert not waiting.done()
        await waiting
        assert await log.read("g") == entries("g", 0, 2)


async def test_a_writer_does_not_wait_for_a_reader(path: Path) -> None:
    async with opened(path) as log:
        await log.append("g", 0, entries("g", 0, 1))
        with outsider(path) as connection:
            connection.execute("BEGIN")
            seen = "SELECT count(*) FROM entries"
            assert connection.execute(seen).fetchone() == (1,)
            await log.append("g", 1, entries("g", 1, 1))
            assert connection.execute(seen).fetchone() == (1,)


@pytest.mark.parametrize("cached_games", [1, 2, 100])
async def test_games_out_of_the_cache_are_judged_as_well(path: Path, cached_games: int) -> None:
    async with opened(path, cached_games=cached_games) as log:
        names = [f"g{n}" for n in range(10)]
        for seq in range(3):
            appends = (
                log.append(name, seq, [entry(name, seq, action_id=f"a{seq}")], row=row(name))
                for name in names
            )
            await asyncio.gather(*appends)
        for name in names:
            with pytest.raises(DuplicateAction) as caught:
                await log.append(name, 3, [entry(name, 3, action_id="a1")])
            assert caught.value.seq == 1
            with pytest.raises(SequenceConflict):
                await log.append(name, 2, entries(name, 2, 1))
            gone = row(name, players=(None, None))
            await log.append(name, 3, entries(name, 3, 1), row=gone)
        assert (await log.list_games(player=ALICE)).games == []


# --- faults that only the database sees -------------------------------------------------------


async def test_an_entry_written_behind_the_logs_back_is_a_conflict_for_one(path: Path) -> None:
    async with opened(path) as log:
        for name in ("g", "h"):
            await log.append(name, 0, entries(name, 0, 1))
        with outsider(path) as connection:
            connection.execute(
                "INSERT INTO entries SELECT game_id, 1, kind, seat, payload, 'theirs', at"
                " FROM entries WHERE game_id = 'g'"
            )
        results = await asyncio.gather(
            log.append("h", 1, entries("h", 1, 1)),
            log.append("g", 1, entries("g", 1, 1), row=row("g")),
            log.append("new", 0, entries("new", 0, 2), row=row("new")),
            log.append("h", 2, entries("h", 2, 1)),
            return_exceptions=True,
        )
        assert [type(result) for result in results if result] == [SequenceConflict]
        assert isinstance(results[1], SequenceConflict)
        assert await log.find_game("g") is None
        assert await log.read("h") == entries("h", 0, 3)
        assert len(await log.read("new")) == 2
        with pytest.raises(DuplicateAction):  # it has learned what they wrote
            await log.append("g", 2, [entry("g", 2, action_id="theirs")])
        await log.append("g", 2, entries("g", 2, 1))


async def test_a_constraint_that_one_append_breaks_harms_that_one_alone(path: Path) -> None:
    async with opened(path) as log:
        with outsider(path) as connection:
            connection.execute(
                "CREATE TRIGGER t BEFORE INSERT ON games WHEN new.engine = 'cursed'"
                " BEGIN SELECT RAISE(ABORT, 'the curse'); END"
            )
        appends = [
            log.append(
                f"g{n}",
                0,
                entries(f"g{n}", 0, 2),
                row=row(f"g{n}", engine="cursed" if n == 5 else "go"),
            )
            for n in range(10)
        ]
        follower = log.append("g5", 2, entries("g5", 2, 1))
        results = await asyncio.gather(*appends, follower, return_exceptions=True)
        assert isinstance(results[5], ValueError)
        assert "the curse" in str(results[5])
        assert isinstance(results[10], SequenceConflict)
        assert results[:5] + results[6:10] == [None] * 9
        assert await log.read("g5") == []
        assert await log.find_game("g5") is None
        assert len((await log.list_games()).games) == 9
        assert (log.stats.committed, log.stats.rejected) == (9, 2)
        await log.append("g5", 0, entries("g5", 0, 1), row=row("g5"))


# --- a disk that fails ------------------------------------------------------------------------


async def test_a_full_database_refuses_a_batch_and_goes_on(path: Path) -> None:
    async with opened(path, max_bytes=200_000) as log:
        await log.append("g", 0, [entry("g", 0, action_id="a")])
        big = entry("big", 0, payload={"x": "x" * 1_000_000})
        results = await asyncio.gather(
            log.append("g", 1, [entry("g", 1, action_id="b")]),
            log.append("big", 0, [big], row=row("big")),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [Unavailable, Unavailable]
        assert log.stats.failed_batches == 1
        assert len(await log.read("g")) == 1
        assert await log.read("big") == []
        assert await log.find_game("big") is None
        # Nothing of the lost batch is remembered: the same append is fine now.
        await log.append("g", 1, [entry("g", 1, action_id="b")])
        await log.append("big", 0, entries("big", 0, 1), row=row("big"))
        assert len(await log.read("g")) == 2
    async with opened(path) as log:
        await log.append("big", 1, [replace(big, seq=1)])


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """While this is open, the system refuses to write beyond ``size`` bytes of any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("with_row", [False, True])
async def test_a_commit_that_the_system_refuses_is_unavailable_for_all(
    path: Path, with_row: bool
) -> None:
    async with opened(path) as log:
        await log.append("g", 0, [entry("g", 0, action_id="a")])
        changed = row("g") if with_row else None
        with file_size_limit(1 + path.with_name(f"{path.name}-wal").stat().st_size):
            results = await asyncio.gather(
                log.append("g", 1, [entry("g", 1, action_id="b")], row=changed),
                log.append("h", 0, entries("h", 0, 1)),
                return_exceptions=True,
            )
            assert [type(result) for result in results] == [Unavailable, Unavailable]
            assert len(await log.read("g")) == 1
            with pytest.raises(Unavailable):
                await log.check()
        await log.check()
        await log.append("g", 1, [entry("g", 1, action_id="b")], row=changed)
        await log.append("h", 0, entries("h", 0, 1))
        await log.check()
    async with opened(path) as log:
        assert [found.action_id for found in await log.read("g")] == ["a", "b"]
        assert await log.find_game("g") == changed


async def test_an_outsider_who_holds_the_lock_too_long_makes_it_unavailable(path: Path) -> None:
    async with opened(path, busy_seconds=0.01) as log:
        with blocked_writer(path):
            with pytest.raises(Unavailable):
                await log.append("g", 0, entries("g", 0, 1))
            with pytest.raises(Unavailable):
                await log.append("g", 0, entries("g", 0, 1), row=row("g"))
            with pytest.raises(Unavailable):
                await log.check()
        await log.check()
        await log.append("g", 0, entries("g", 0, 1))


async def test_a_table_that_is_gone_makes_reads_unavailable(path: Path) -> None:
    async with opened(path) as log:
        with outsider(path) as connection:
            connection.execute("DROP TABLE games")
        for read in (log.find_game("g"), log.list_games(), log.check()):
            with pytest.raises(Unavailable):
                await read


# --- query plans ------------------------------------------------------------------------------


async def test_every_list_is_read_from_an_index_in_order(path: Path) -> None:
    async with opened(path):
        pass
    choices = product(
        (None, GameStatus.OPEN), (None, "go"), (None, ALICE), (True, False), (None, "game")
    )
    with outsider(path) as connection:
        for status, engine, player, public_only, before in choices:
            query, parameters = queries.page_of_games(
                status=status,
                engine=engine,
                player=player,
                public_only=public_only,
                before=before,
                limit=50,
            )
            plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", parameters).fetchall()
            steps = [detail for _, _, _, detail in plan]
            searches = [step for step in steps if step.startswith("SEARCH")]
            assert searches
            assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]
            if before is not None:
                assert all("game_id<?" in step for step in searches if "game_players" in step), (
                    steps
                )
                assert player or all("game_id<?" in step for step in searches), steps


async def test_entries_and_heads_are_read_by_their_key(path: Path) -> None:
    async with opened(path):
        pass
    with outsider(path) as connection:
        plan = f"EXPLAIN QUERY PLAN {queries.READ_ENTRIES}"
        steps = [step for *_, step in connection.execute(plan, ("g", 0, 1))]
        assert steps == ["SEARCH entries USING PRIMARY KEY (game_id=? AND seq>?)"]
        plan = f"EXPLAIN QUERY PLAN {queries.LOAD_HEADS}"
        steps = [step for *_, step in connection.execute(plan, ("[]",))]
        assert "SEARCH entries USING PRIMARY KEY (game_id=?)" in steps
        assert "SEARCH games USING PRIMARY KEY (game_id=?)" in steps
        assert not [step for step in steps if "TEMP B-TREE" in step]


async def test_a_restart_finds_the_outage_that_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    log = await SqliteGameLog.open(path)
    await log.append("g", 0, entries("g", 0, 1), due_at=10)
    await log.beat(1000, 3000)
    await log.aclose()
    log = await SqliteGameLog.open(path)
    assert await log.beat(60_000, 3000) == [Outage(1000, 60_000)]
    await log.aclose()
    log = await SqliteGameLog.open(path)
    assert await log.beat(61_000, 3000) == [Outage(1000, 60_000)]
    await log.aclose()


async def test_a_beat_that_cannot_begin_leaves_its_outage_to_the_next(path: Path) -> None:
    async with opened(path, busy_seconds=0.01) as log:
        await log.append("g", 0, entries("g", 0, 1), due_at=10)
        await log.beat(1_000, 3_000)
        with blocked_writer(path), pytest.raises(Unavailable):
            await log.beat(60_000, 3_000)
        assert await log.beat(61_000, 3_000) == [Outage(1_000, 61_000)]
