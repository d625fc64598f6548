"""What is read of a large database: as much as of a small one."""

import json
from collections.abc import AsyncIterator
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from meeple.engine.log import GameStatus
from meeple.store import postgres_queries as queries
from meeple.store.postgres import PostgresGameLog
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url

SMALL, LARGE = 2_000, 20_000

#: One game in fifty is open, one in fifty is live; a hundred users, each in many games.
GAMES = """
    INSERT INTO games
    SELECT 'game' || to_char(n, 'fm0000000'),
           CASE n % 3 WHEN 0 THEN 'go' ELSE 'chess' END,
           '{}',
           CASE n % 50 WHEN 0 THEN 'open' WHEN 1 THEN 'live' ELSE 'over' END,
           n % 7 <> 0,
           '[null,null]', n, n, NULL
      FROM generate_series($1::bigint, $2::bigint - 1) AS n
"""
SEATS = """
    INSERT INTO game_players
    SELECT '00000000-0000-0000-0000-' || to_char((n + seat) % 100, 'fm000000000000'),
           'game' || to_char(n, 'fm0000000')
      FROM generate_series($1::bigint, $2::bigint - 1) AS n, generate_series(0, 1) AS seat
"""
ENTRIES = """
    INSERT INTO entries
    SELECT 'game' || to_char(n, 'fm0000000'), seq, 'action', seq % 2, '{"action":1}',
           'a' || seq, n
      FROM generate_series($1::bigint, $2::bigint - 1) AS n, generate_series(0, 9) AS seq
"""
DEADLINES = """
    INSERT INTO deadlines
    SELECT 'game' || to_char(n, 'fm0000000'), n FROM generate_series($1::bigint, $2::bigint - 1) n
"""


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    log = await PostgresGameLog.open(postgres_url)
    await log.aclose()
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def grow(database: asyncpg.Connection, first: int, last: int) -> None:
    for statement in (GAMES, SEATS, ENTRIES, DEADLINES):
        await database.execute(statement, first, last)
    for table in ("games", "game_players", "entries", "deadlines"):
        await database.execute(f"VACUUM ANALYZE {table}")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every node of a plan."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


async def explain(
    database: asyncpg.Connection, query: str, parameters: list[Any]
) -> tuple[list[dict[str, Any]], int]:
    """The nodes of its plan, and the pages that it touched."""
    explained = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query
    [(text,)] = await database.fetch(explained, *parameters)
    plan = json.loads(text)[0]["Plan"]
    return nodes(plan), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def lists() -> list[tuple[str, list[Any]]]:
    choices = product(
        (None, GameStatus.OPEN, GameStatus.OVER),
        (None, "go"),
        (None, 42),
        (True, False),
        (None, "game0001500"),
    )
    return [
        queries.page_of_games(
            status=status,
            engine=engine,
            player=None if player is None else UUID(int=player),
            public_only=public_only,
            before=before,
            limit=21,
        )
        for status, engine, player, public_only, before in choices
        # A player's games of one status or engine are picked out of all of that player's games.
        if player is None or (status is None and engine is None)
    ]


def others() -> list[tuple[str, list[Any]]]:
    return [
        (queries.read_entries(None), ["game0000500", 3]),
        (queries.FIND_GAME, ["game0000500"]),
        (queries.DUE_GAMES, [1000, 100]),
        (queries.LAST_BEAT, []),
        (queries.TAIL, ["game0000500", 5]),
    ]


async def test_what_is_read_does_not_grow_with_the_database(database: asyncpg.Connection) -> None:
    every = [*lists(), *others()]
    await grow(database, 0, SMALL)
    before = [(await explain(database, *each))[1] for each in every]
    await grow(database, SMALL, LARGE)
    for (query, parameters), pages in zip(every, before, strict=True):
        plan, now = await explain(database, query, parameters)
        kinds = [node["Node Type"] for node in plan]
        said = f"{query} {parameters} {kinds}: {pages} pages, then {now}"
        if query != queries.LAST_BEAT:  # which stops at the first row, whichever it is
            assert "Seq Scan" not in kinds, said
        if "ORDER BY" in query:
            assert not [kind for kind in kinds if "Sort" in kind], said
        assert now <= 2 * pages + 12, said
