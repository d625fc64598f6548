"""The SQL of the SQLite log, apart from any connection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from meeple.engine.log import GameStatus
from meeple.store.records import ENTRY_COLUMNS, ROW_COLUMNS

READ_ENTRIES = (
    f"SELECT {', '.join(ENTRY_COLUMNS)} FROM entries"
    " WHERE game_id = ? AND seq >= ? ORDER BY seq LIMIT ?"
)

FIND_GAME = f"SELECT {', '.join(ROW_COLUMNS)} FROM games WHERE game_id = ?"

DUE_GAMES = "SELECT game_id FROM deadlines WHERE due_at <= ? ORDER BY due_at, game_id LIMIT ?"

UPSERT_DEADLINE = " ON CONFLICT (game_id) DO UPDATE SET due_at = excluded.due_at"

#: The last beat (null: none), and whether any game has a deadline.
LAST_BEAT = "SELECT (SELECT max(at) FROM beats), EXISTS (SELECT 1 FROM deadlines)"

#: One row a game, not one an entry: each row that the driver fetches is a chance to lose the
#: interpreter lock to a busy event loop.
LOAD_HEADS = """
    SELECT game_id, max(seq),
           json_group_object(action_id, seq) FILTER (WHERE action_id IS NOT NULL),
           (SELECT json_group_array(json_extract(value, '$.user_id'))
              FROM games, json_each(games.players)
             WHERE games.game_id = entries.game_id AND value IS NOT NULL)
      FROM entries
     WHERE game_id IN (SELECT value FROM json_each(?))
     GROUP BY game_id
"""

UPSERT_GAME = " ON CONFLICT (game_id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ROW_COLUMNS[1:]
)

IGNORE = " ON CONFLICT DO NOTHING"


@cache
def insert_up_to(table: str, columns: tuple[str, ...], rows: int, on_conflict: str = "") -> str:
    """An INSERT with room for ``rows`` rows, whose last parameter says how many there are.

    One statement for many rows, because each statement (and each row of an ``executemany``) gives
    the interpreter lock away, and has to win it back from the event loop. A few sizes with room
    to spare, because the driver keeps prepared statements by their text.
    """
    values = ", ".join([f"({', '.join('?' * len(columns))})"] * rows)
    return (
        f"INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT * FROM (VALUES {values}) WHERE true LIMIT ?{on_conflict}"
    )


def page_of_games(
    *,
    status: GameStatus | None,
    engine: str | None,
    player: UUID | None,
    public_only: bool,
    before: str | None,
    limit: int,
) -> tuple[str, Sequence[Any]]:
    """The query for a page of the index, newest first, and its parameters.

    Each index holds the games of one kind in order. A filter that is not given is a union over
    all its values, which SQLite merges as it goes: it reads ``limit`` games and a few more,
    however many there are.
    """
    columns = ", ".join(f"games.{column}" for column in ROW_COLUMNS)
    if player is not None:
        given: list[tuple[str, Any]] = [("user_id = ?", str(player))]
        if before is not None:
            given.append(("game_players.game_id < ?", before))
        if status is not None:
            given.append(("status = ?", status.value))
        if engine is not None:
            given.append(("engine = ?", engine))
        if public_only:
            given.append(("public = ?", True))
        # CROSS: SQLite keeps the order of the tables, so that the index gives the order of games.
        sql = (
            f"SELECT {columns} FROM game_players"
            " CROSS JOIN games ON games.game_id = game_players.game_id"
            f" WHERE {' AND '.join(condition for condition, _ in given)}"
            " ORDER BY game_players.game_id DESC LIMIT ?"
        )
        return sql, [*(value for _, value in given), limit]

    ranges: list[str] = []
    parameters: list[Any] = []
    for public in (True,) if public_only else (True, False):
        for one_status in GameStatus if status is None else (status,):
            conditions = ["public = ?", "status = ?"]
            parameters += [public, one_status.value]
            if engine is not None:
                conditions.append("engine = ?")
                parameters.append(engine)
            if before is not None:
                conditions.append("game_id < ?")
                parameters.append(before)
            ranges.append(f"SELECT {columns} FROM games WHERE {' AND '.join(conditions)}")
    sql = f"{' UNION ALL '.join(ranges)} ORDER BY game_id DESC LIMIT ?"
    return sql, [*parameters, limit]
