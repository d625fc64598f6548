"""What a bot is, how hard it may think, and how it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from meeple.bots import LEVELS
from meeple.engine.base import JSON
from meeple.schemas.rest import GameLogBody
from meeple.services.projection import GameState

#: Gives the log of a game by its id, as far as the bot may see it.
ReadLog = Callable[[str], Awaitable[GameLogBody]]


class BotFailed(Exception):
    """A bot cannot play on; the message says why."""


class Effort(msgspec.Struct, frozen=True):
    """How hard a bot may think about one action. The least of what is given counts.

    Attributes:
        iterations: simulated games of a tree search, nodes of a chess engine.
        movetime: milliseconds.
        depth: half-moves that a chess engine looks ahead.
    """

    iterations: int | None = None
    movetime: int | None = None
    depth: int | None = None

    @classmethod
    def of(
        cls,
        level: int | None = None,
        iterations: int | None = None,
        movetime: int | None = None,
        depth: int | None = None,
    ) -> Effort:
        """What was asked for, a level from 1 on standing for its iterations; else the usual."""
        if level is not None or (iterations, movetime, depth) == (None, None, None):
            iterations = LEVELS[4 if level is None else level - 1]
        return cls(iterations, movetime, depth)


class Bot(Protocol):
    """Chooses actions for a seat, by what that seat is shown."""

    async def choose(self, state: GameState) -> JSON:
        """The action of the seat of ``state``, which is to act.

        Raises:
            BotFailed: it can choose none; the message says why.
        """
        ...


def own_seat(state: GameState) -> int:
    """The seat that ``state`` was made for. Raises `BotFailed` if it is a spectator's."""
    if state.seat is None:
        raise BotFailed(f"this player has no seat in the game {state.game_id}")
    return state.seat
