"""``meeple export``, ``import`` and ``verify`` between databases of either kind, by their URLs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meeple import backends
from meeple.config import Settings
from tests.durability.test_process import run
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url
from tests.services.house import ANN, BEN, House

pytestmark = pytest.mark.process


async def test_games_go_from_sqlite_to_postgresql_and_come_out_as_they_were(
    tmp_path: Path, postgres_url: str
) -> None:
    async with backends.open_log(Settings(data=str(tmp_path))) as log:
        node = House(log).node()
        game_id = await node.table()
        for player, cell in ((ANN, 0), (BEN, 3), (ANN, 1), (BEN, 4), (ANN, 2)):
            await node.act(game_id, player, cell, action_id=str(cell))
        await node.create()
    first, second = tmp_path / "first", tmp_path / "second"
    there = ("--database", postgres_url)
    for command in (
        ("export", str(first)),
        ("import", str(first), *there),
        ("import", str(first), *there),
        ("export", str(second), *there),
        ("verify", *there),
    ):
        code, output = await run(*command, folder=tmp_path)
        assert code == 0, (command, output)
    assert "2 games, 0 faults" in output
    assert sorted(first.read_bytes().splitlines()) == sorted(second.read_bytes().splitlines())


async def test_a_backup_of_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    code, output = await run("export", str(tmp_path / "file"), folder=tmp_path)
    assert (code, "there is no database" in output) == (1, True)
    assert os.listdir(tmp_path) == []
