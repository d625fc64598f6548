"""The SQL of the PostgreSQL log, apart from any connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from meeple.engine.log import GameStatus
from meeple.store.records import ENTRY_COLUMNS, ROW_COLUMNS

_ENTRY = ", ".join(ENTRY_COLUMNS)
_ROW = ", ".join(ROW_COLUMNS)
_ENTRY_TYPES = ("text", "bigint", "text", "bigint", "text", "text", "bigint")
_ROW_TYPES = (*("text",) * 4, "boolean", "text", "bigint", "bigint", "text", "text")


def _unnest(first: int, types: Sequence[str]) -> str:
    """The rows of arrays, one a column, that are the parameters from ``first`` on."""
    return f"unnest({', '.join(f'${n}::{type}[]' for n, type in enumerate(types, first))})"


#: The first entries of some games, in order of their ids: two nodes that append to the same games
#: then never wait for each other in a ring. The key decides, and says who was first: a game that
#: does not come back was lost to another node.
APPEND = (
    f"INSERT INTO entries ({_ENTRY}) SELECT * FROM {_unnest(1, _ENTRY_TYPES)}"
    " ON CONFLICT (game_id, seq) DO NOTHING RETURNING game_id"
)

#: The same, and what goes with the games that were won: the entries after the first, index rows,
#: seats (pairs of user and game, of those rows), deadlines, and the games that have none any more.
#: Only who has won a seq touches a game's rows, so they need no order.
APPEND_MORE = f"""
    WITH won AS ({APPEND}),
    more AS (
        INSERT INTO entries ({_ENTRY})
        SELECT {_ENTRY} FROM {_unnest(8, _ENTRY_TYPES)} AS given ({_ENTRY})
          JOIN won USING (game_id)
    ),
    listed AS (
        INSERT INTO games ({_ROW})
        SELECT {_ROW} FROM {_unnest(15, _ROW_TYPES)} AS given ({_ROW})
          JOIN won USING (game_id)
            ON CONFLICT (game_id) DO UPDATE
           SET {", ".join(f"{column} = excluded.{column}" for column in ROW_COLUMNS[1:])}
    ),
    sits AS (
        SELECT user_id, game_id FROM {_unnest(25, ("text", "text"))} AS given (user_id, game_id)
    ),
    sat AS (
        INSERT INTO game_players (user_id, game_id)
        SELECT user_id, game_id FROM sits JOIN won USING (game_id)
            ON CONFLICT DO NOTHING
    ),
    got_up AS (
        DELETE FROM game_players
         USING won
         WHERE game_players.game_id = won.game_id
           AND won.game_id = ANY ($15)
           AND (game_players.user_id, game_players.game_id) NOT IN (SELECT * FROM sits)
    ),
    due AS (
        INSERT INTO deadlines (game_id, due_at)
        SELECT game_id, due_at FROM {_unnest(27, ("text", "bigint"))} AS given (game_id, due_at)
          JOIN won USING (game_id)
            ON CONFLICT (game_id) DO UPDATE SET due_at = excluded.due_at
    ),
    undue AS (
        DELETE FROM deadlines
         USING won
         WHERE deadlines.game_id = won.game_id AND won.game_id = ANY ($29::text[])
    )
    SELECT game_id FROM won
"""

#: What is new in a game from a seq on, as far as `Heads` wants to know. Of one game alone: however
#: little the planner knows of the table, the key is the way to it.
TAIL = "SELECT seq, action_id FROM entries WHERE game_id = $1 AND seq >= $2 ORDER BY seq"

READ_ENTRIES = f"SELECT {_ENTRY} FROM entries WHERE game_id = $1 AND seq >= $2 ORDER BY seq"

FIND_GAME = f"SELECT {_ROW} FROM games WHERE game_id = $1"

DUE_GAMES = "SELECT game_id FROM deadlines WHERE due_at <= $1 ORDER BY due_at, game_id LIMIT $2"

OUTAGES = "SELECT since, until FROM outages WHERE until > $1 ORDER BY since"

#: The last beat (null: none), and whether any game has a deadline.
LAST_BEAT = "SELECT (SELECT max(at) FROM beats), EXISTS (SELECT FROM deadlines)"


def read_entries(limit: int | None) -> str:
    """`READ_ENTRIES` with a limit. A number is planned for; a parameter is not."""
    return READ_ENTRIES if limit is None else f"{READ_ENTRIES} LIMIT {limit:d}"


def page_of_games(
    *,
    status: GameStatus | None,
    engine: str | None,
    player: UUID | None,
    public_only: bool,
    before: str | None,
    limit: int,
) -> tuple[str, list[Any]]:
    """The query for a page of the index, newest first, and its parameters.

    Each index holds the games of one kind in order. A filter that is not given is a merge over all
    its values, which reads ``limit`` games of each, however many there are.
    """
    parameters: list[Any] = []

    def given(condition: str, value: object) -> str:
        parameters.append(value)
        return f"{condition} ${len(parameters)}"

    order = f"ORDER BY game_id DESC LIMIT {limit:d}"
    if player is not None:
        conditions = [given("user_id =", str(player))]
        if before is not None:
            conditions.append(given("game_players.game_id <", before))
        if status is not None:
            conditions.append(given("status =", status.value))
        if engine is not None:
            conditions.append(given("engine =", engine))
        if public_only:
            conditions.append("public")
        return (
            f"SELECT {_ROW} FROM game_players JOIN games USING (game_id)"
            f" WHERE {' AND '.join(conditions)} {order}"
        ), parameters

    filters = [given("engine =", engine)] if engine is not None else []
    if before is not None:
        filters.append(given("game_id <", before))
    ranges: list[str] = []
    for public in ("public",) if public_only else ("public", "NOT public"):
        for one in GameStatus if status is None else (status,):
            conditions = [public, f"status = '{one.value}'", *filters]
            ranges.append(f"(SELECT {_ROW} FROM games WHERE {' AND '.join(conditions)} {order})")
    if len(ranges) == 1:
        return ranges[0], parameters
    return f"{' UNION ALL '.join(ranges)} {order}", parameters
