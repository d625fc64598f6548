"""``meeple verify`` finds what is wrong with a database, and nothing in a sound one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from meeple.cli.verify import verify_log
from meeple.store.memory import MemoryGameLog
from meeple.store.sqlite import SqliteGameLog
from tests.services.engines import Plain, Shelf
from tests.services.house import ANN, BEN, House

Spoil = Callable[[sqlite3.Connection], object]


async def played(path: Path) -> None:
    """Two games that are over, by the rules and by resigning, and one that is on."""
    log = await SqliteGameLog.open(path)
    node = House(log).node()
    won = await node.table()
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4), (ANN, 2)):
        await node.act(won, player, cell, action_id=str(cell))
    await node.resign(await node.table("goofspiel"), BEN)
    await node.act(await node.table("dice"), ANN, "throw")
    await node.table("decided")
    await log.aclose()


async def faults_after(path: Path, spoil: Spoil) -> list[str]:
    with sqlite3.connect(path) as connection:
        spoil(connection)
    connection.close()
    log = await SqliteGameLog.open(path)
    games, faults = await verify_log(log, Shelf())
    await log.aclose()
    assert games == 4
    return faults


async def test_sound_logs_have_no_faults(tmp_path: Path) -> None:
    await played(tmp_path / "db")
    assert await faults_after(tmp_path / "db", lambda connection: None) == []


async def test_a_row_from_before_it_had_a_time_control_is_no_fault_and_a_wrong_one_is(
    tmp_path: Path,
) -> None:
    log = await SqliteGameLog.open(tmp_path / "db")
    await House(log).node().table(time_control={"kind": "per_action", "seconds": 30})
    await log.aclose()
    for said, count in (('\'{"kind":"per_action","seconds":9}\'', 1), ("NULL", 0)):
        with sqlite3.connect(tmp_path / "db") as connection:
            connection.execute(f"UPDATE games SET time_control = {said}")
        connection.close()
        log = await SqliteGameLog.open(tmp_path / "db")
        games, faults = await verify_log(log, Shelf())
        await log.aclose()
        assert (games, len(faults)) == (1, count)


async def test_a_game_that_is_on_has_no_faults_however_long_ago_it_started(tmp_path: Path) -> None:
    log = await SqliteGameLog.open(tmp_path / "db")
    house = House(log)
    node = house.node()
    game_id = await node.table()
    for player, cell in ((ANN, 0), (BEN, 3)):
        house.clock.now += 60_000
        await node.act(game_id, player, cell)
    assert await verify_log(log, Shelf()) == (1, [])
    await log.aclose()


async def test_every_game_of_every_page_is_looked_at() -> None:
    log = MemoryGameLog()
    node = House(log).node()
    for number in range(120):
        await node.create(public=number % 2 == 0)
    assert await verify_log(log, Shelf()) == (120, [])


ENDED = "(SELECT seq FROM entries WHERE game_id = 'game0000' AND kind = 'ended')"
DRAW = json.dumps({"winners": [], "reason": "line", "scores": None})

SPOILT: list[tuple[str, str, str]] = [
    ("DELETE FROM entries WHERE game_id = 'game0000' AND seq = 5", "game0000", "contiguous"),
    ("DELETE FROM entries WHERE game_id = 'game0000' AND seq = 0", "game0000", "contiguous"),
    ("DELETE FROM entries WHERE game_id = 'game0000'", "game0000", "no log"),
    (
        "DELETE FROM entries WHERE game_id = 'game0002' AND seq >= 3",
        "game0002",
        "something else",
    ),
    ("UPDATE entries SET at = 5 WHERE game_id = 'game0001' AND seq = 3", "game0001", "backwards"),
    ("UPDATE games SET status = 'live' WHERE game_id = 'game0000'", "game0000", "something else"),
    ("UPDATE games SET engine = 'dice' WHERE game_id = 'game0000'", "game0000", "something else"),
    ("UPDATE games SET outcome = NULL WHERE game_id = 'game0001'", "game0001", "something else"),
    ("UPDATE games SET players = '[null,null]' WHERE game_id = 'game0002'", "game0002", "else"),
    ("UPDATE games SET public = 0 WHERE game_id = 'game0002'", "game0002", "something else"),
    (
        f"UPDATE entries SET payload = '{DRAW}' WHERE game_id = 'game0000' AND seq = {ENDED}",
        "game0000",
        "do not come to the outcome",
    ),
    (
        f"UPDATE entries SET payload = '{DRAW}' WHERE game_id = 'game0003' AND kind = 'ended'",
        "game0003",
        "do not come to the outcome",
    ),
    (
        f"DELETE FROM entries WHERE game_id = 'game0000' AND seq = {ENDED}",
        "game0000",
        "end the game, and its log does not",
    ),
    (
        "UPDATE entries SET payload = '{\"action\":0}' WHERE game_id = 'game0000' AND seq = 5",
        "game0000",
        "cannot be folded",
    ),
    (
        "UPDATE entries SET payload = '{}' WHERE game_id = 'game0000' AND seq = 0",
        "game0000",
        "cannot be folded",
    ),
    (
        "UPDATE entries SET payload = json_set(payload, '$.seats', null) "
        "WHERE game_id = 'game0000' AND seq = 0",
        "game0000",
        "cannot be folded",
    ),
    (
        "UPDATE entries SET payload = json_set(payload, '$.engine', 'gone') "
        "WHERE game_id = 'game0000' AND seq = 0",
        "game0000",
        "cannot be folded",
    ),
    ("UPDATE entries SET payload = '{' WHERE game_id = 'game0000'", "game0000", "cannot be"),
    ("UPDATE entries SET kind = 'sung' WHERE game_id = 'game0000'", "game0000", "cannot be"),
]


@pytest.mark.parametrize(("sql", "game_id", "fault"), SPOILT, ids=[sql[:60] for sql, *_ in SPOILT])
async def test_what_was_spoilt_is_found_in_its_game_and_in_no_other(
    tmp_path: Path, sql: str, game_id: str, fault: str
) -> None:
    await played(tmp_path / "db")
    faults = await faults_after(tmp_path / "db", lambda connection: connection.execute(sql))
    assert any(fault in one for one in faults), faults
    assert {one.partition(":")[0] for one in faults} == {game_id}


async def test_an_engine_that_is_not_pure_is_found() -> None:
    log = MemoryGameLog()
    node = House(log).node()
    await node.act(await node.table("plain"), ANN, "x")

    class Restless(Plain):
        """Plays another game each time."""

        count = 0

        def view(self, state: object, seat: int | None) -> int:
            self.count += 1
            return self.count

    games, faults = await verify_log(log, Shelf(plain=Restless()))
    assert games == 1
    assert any("not pure" in one for one in faults)
