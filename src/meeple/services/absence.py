"""Who is gone from the live games: presence keeps the marks, the game says whose count."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from meeple.engine.game import Game
from meeple.errors import Unavailable
from meeple.protocols import Clock, Gone, Presence
from meeple.services import claims


class Absences:
    """Marks players as gone, and looks who is.

    Args:
        presence: who is at which table, and who is gone.
        clock: the server's time.
    """

    def __init__(self, presence: Presence, clock: Clock) -> None:
        self._presence = presence
        self._clock = clock

    async def left(self, game: Game, user_id: UUID, *, closed: bool) -> None:
        """A connection of the user's to the game has gone: the user too, if it was the last."""
        if user_id in claims.watched(game):
            now = self._clock.now_ms()
            await self._presence.mark_gone(game.game_id, {user_id}, now, closed=closed)

    async def note(self, game: Game) -> None:
        """Mark who is missing, nobody knows since when, as gone from now on.

        So it is at the start of a game, after a node has died, and after Redis was wiped.
        """
        missing = claims.watched(game).difference(
            self._presence.present(game.game_id), self._presence.gone(game.game_id)
        )
        if missing:
            await self._mark(game, missing)

    async def look(self, game: Game) -> Mapping[UUID, Gone]:
        """Who is gone from the game now, on all nodes.

        Raises:
            Unavailable: presence is not known.
        """
        gone = await self._mark(game, claims.watched(game))
        if gone is None:
            raise Unavailable("who is there is not known at the moment; try again")
        return gone

    async def _mark(self, game: Game, users: frozenset[UUID]) -> Mapping[UUID, Gone] | None:
        return await self._presence.mark_gone(game.game_id, users, self._clock.now_ms())
