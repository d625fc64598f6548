from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from meeple.protocols import GameLog
from meeple.store.memory import MemoryGameLog
from meeple.store.postgres import PostgresGameLog
from meeple.store.sqlite import SqliteGameLog
from tests.postgres import Postgres
from tests.postgres import postgres as postgres
from tests.services.house import House


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GameLog]:
    """Every log that there is."""
    if request.param == "memory":
        yield MemoryGameLog()
        return
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        async with postgres.database() as url:
            shared = await PostgresGameLog.open(url)
            yield shared
            await shared.aclose()
        return
    sqlite = await SqliteGameLog.open(tmp_path / "log.sqlite3")
    yield sqlite
    await sqlite.aclose()


@pytest.fixture
def any_house(log: GameLog) -> Iterator[House]:
    """A house over every log; whatever left it is searched for the seeds of its games."""
    yield from _watched(House(log))


@pytest.fixture
def house() -> Iterator[House]:
    """A house over a log in memory, watched in the same way."""
    yield from _watched(House(MemoryGameLog()))


def _watched(house: House) -> Iterator[House]:
    yield house
    left = house.all_that_left()
    for seed in house.seeds:
        assert seed.hex() not in left
    assert '"seed"' not in left
