"""How a game ends whose engine cannot fold it any more: what is appended needs no rules."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from meeple.engine.log import Entry, EntryKind, GameStatus
from meeple.errors import GameNotFound, GameOver
from meeple.protocols import GameLog
from meeple.services.commands import CALLED_OFF


async def call_off(log: GameLog, game_id: str, now: int) -> list[Entry]:
    """End the game as `commands.call_off` does, from the log alone; gives what was appended.

    Raises:
        GameNotFound, GameOver: there is nothing to end.
        Unavailable: it may or may not have been done, or another node was faster; try again.
    """
    # In this order: an end that comes in between shows in the row, and a later one as a conflict.
    entries = await log.read(game_id)
    row = await log.find_game(game_id)
    if row is None or not entries:
        raise GameNotFound
    if row.status is GameStatus.OVER:
        raise GameOver
    last = entries[-1]
    at = max(now, last.at)
    outcome: dict[str, object] = msgspec.to_builtins(CALLED_OFF)
    end = [
        Entry(game_id, last.seq + 1, EntryKind.ABORTED, None, {"by": "admin"}, None, at),
        Entry(game_id, last.seq + 2, EntryKind.ENDED, None, outcome, None, at),
    ]
    over = replace(row, status=GameStatus.OVER, outcome=CALLED_OFF, updated_at=at)
    await log.append(game_id, last.seq + 1, end, row=over, due_at=None)
    return end
