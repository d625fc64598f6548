"""Entries and index rows to test logs with."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from meeple.engine.base import Outcome
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus, Player
from meeple.engine.time_controls import TimeControl

ALICE = UUID(int=0xA)
BOB = UUID(int=0xB)


def entry(
    game_id: str,
    seq: int,
    *,
    action_id: str | None = None,
    payload: dict[str, Any] | None = None,
    kind: EntryKind = EntryKind.ACTION,
    seat: int | None = 0,
    at: int = 1_700_000_000_000,
) -> Entry:
    return Entry(game_id, seq, kind, seat, {} if payload is None else payload, action_id, at)


def entries(game_id: str, first: int, count: int) -> list[Entry]:
    return [entry(game_id, seq, payload={"n": seq}) for seq in range(first, first + count)]


def row(
    game_id: str,
    *,
    engine: str = "tic-tac-toe",
    status: GameStatus = GameStatus.OPEN,
    public: bool = True,
    players: Sequence[UUID | None] = (ALICE, None),
    options: dict[str, Any] | None = None,
    outcome: Outcome | None = None,
    time_control: TimeControl | None = None,
) -> GameRow:
    return GameRow(
        game_id=game_id,
        engine=engine,
        options={} if options is None else options,
        status=status,
        public=public,
        players=tuple(None if user is None else Player(user, f"user {user}") for user in players),
        created_at=1,
        updated_at=2,
        outcome=outcome,
        time_control=time_control,
    )


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop turn until the condition holds; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)
