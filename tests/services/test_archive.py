"""``meeple export`` and ``meeple import``: what goes out comes back the same, on any log."""

from __future__ import annotations

import io
import json
from pathlib import Path

from meeple.cli.archive import export, import_games
from meeple.cli.verify import verify_log
from meeple.protocols import GameLog
from meeple.store.memory import MemoryGameLog
from meeple.store.sqlite import SqliteGameLog
from tests.services.engines import Shelf
from tests.services.house import ANN, BEN, House


async def played() -> GameLog:
    log = MemoryGameLog()
    node = House(log).node()
    won = await node.table()
    for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4), (ANN, 2)):
        await node.act(won, player, cell, action_id=str(cell))
    await node.resign(await node.table("goofspiel"), BEN)
    await node.act(await node.table("dice"), ANN, "throw")
    await node.create(
        public=False, time_control={"kind": "fischer", "initial": 300, "increment": 3}
    )
    return log


async def exported(log: GameLog, *games: str) -> list[bytes]:
    stream = io.BytesIO()
    count = await export(log, stream, games)
    lines = stream.getvalue().splitlines(keepends=True)
    assert len(lines) == count
    return lines


async def test_what_was_exported_is_imported_whole() -> None:
    log, copy = await played(), MemoryGameLog()
    lines = await exported(log)
    done = await import_games(copy, Shelf(), lines)
    assert (done.games, done.faults) == (4, [])
    assert await exported(copy) == lines
    assert await verify_log(copy, Shelf()) == (4, [])


async def test_an_import_twice_is_the_same_as_once() -> None:
    log, copy = await played(), MemoryGameLog()
    lines = await exported(log)
    first = await import_games(copy, Shelf(), lines)
    again = await import_games(copy, Shelf(), lines)
    assert first.entries > 10
    assert (again.games, again.entries, again.faults) == (4, 0, [])


async def test_of_many_games_that_share_their_commits_every_entry_is_counted(
    tmp_path: Path,
) -> None:
    log = MemoryGameLog()
    node = House(log).node()
    for _ in range(100):
        await node.table()
    lines = await exported(log)
    copy = await SqliteGameLog.open(tmp_path / "copy.sqlite3")
    try:
        done = await import_games(copy, Shelf(), [*lines, b"rubbish\n"])
        assert await exported(copy) == lines
    finally:
        await copy.aclose()
    entries = sum(len(json.loads(line)["entries"]) for line in lines)
    assert (done.games, done.entries, len(done.faults)) == (100, entries, 1)


async def test_an_import_brings_a_game_up_to_date_and_never_back() -> None:
    log, copy = MemoryGameLog(), MemoryGameLog()
    node = House(log).node()
    game_id = await node.table()
    early = await exported(log)
    await import_games(copy, Shelf(), early)
    await node.act(game_id, ANN, 0)
    await node.resign(game_id, BEN)
    late = await exported(log)
    await import_games(copy, Shelf(), late)
    assert await exported(copy) == late
    assert (await import_games(copy, Shelf(), early)).entries == 0
    assert await exported(copy) == late


async def test_another_game_of_the_same_id_is_left_alone() -> None:
    log, other = MemoryGameLog(), MemoryGameLog()
    await House(log).node().table()
    await House(other).node().table("goofspiel")
    before = await exported(other)
    done = await import_games(other, Shelf(), await exported(log))
    assert len(done.faults) == 1
    assert "another game of that id" in done.faults[0]
    assert await exported(other) == before


async def test_single_games_can_be_exported() -> None:
    log = await played()
    assert [
        json.loads(line)["row"]["game_id"] for line in await exported(log, "game0001", "x")
    ] == ["game0001"]


async def test_a_game_whose_engine_is_not_here_is_kept_all_the_same() -> None:
    copy = MemoryGameLog()
    lines = [line.replace(b'"dice"', b'"gone"') for line in await exported(await played())]
    done = await import_games(copy, Shelf(), lines)
    assert (done.games, done.faults) == (4, [])
    assert await exported(copy) == lines


async def test_what_is_no_game_is_a_fault_and_harms_no_other() -> None:
    copy = MemoryGameLog()
    lines = await exported(await played())
    spoilt = [b"rubbish\n", b"{}\n", lines[0], lines[1].replace(b'"seq":1,', b'"seq":7,'), lines[2]]
    done = await import_games(copy, Shelf(), spoilt)
    assert [fault.partition(":")[0] for fault in done.faults] == ["line 1", "line 2", "line 4"]
    assert done.games == 3
    assert await exported(copy) == [lines[0], lines[2]]
