"""Making a table and finding one, whatever happens to the server meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from meeple.client.errors import ConnectionLost, Refused
from meeple.client.rest import Rest
from meeple.engine.base import JSON
from meeple.engine.log import GameRow
from meeple.schemas.rest import GameLogBody

_T = TypeVar("_T")

#: Seconds until a server that does not answer is given up.
PATIENCE = 600.0
#: Seconds between two tries.
PAUSE = 0.5
#: Seconds between two looks at the tables that are open.
LOOK = 1.0
#: Refusals by a table at which others were quicker to sit down.
TAKEN = frozenset({"game_full", "game_over", "seat_taken"})


class Lobby:
    """The tables of a server, for one user.

    Every method waits for a server that is away, and raises `ConnectionLost` if that is too long,
    and `Refused` if it says no.

    Args:
        rest: whose requests these are.
        patience: seconds to wait for a server that is away.
    """

    def __init__(self, rest: Rest, *, patience: float = PATIENCE) -> None:
        self._rest = rest
        self._patience = patience

    async def log(self, game_id: str) -> GameLogBody:
        """A game's log."""
        return await self._patiently(lambda: self._rest.log(game_id))

    async def make(self, engine: str, options: Mapping[str, JSON], seats: int | None) -> str:
        """Make one table, and no second one if the first answer gets lost; gives its id."""
        before = await self._patiently(lambda: self._own(engine))

        async def once() -> str:
            for game_id in await self._own(engine):
                if game_id not in before:
                    return game_id
            return (await self._rest.create_game(engine, options=options, seats=seats)).game_id

        return await self._patiently(once)

    async def sit(self, game_id: str) -> None:
        """Sit down, if not done yet."""

        async def once() -> None:
            if (await self._rest.game(game_id)).seat is None:
                await self._rest.take_seat(game_id)

        await self._patiently(once)

    async def find(self, engine: str) -> str:
        """Sit down at an open table of others, once there is one; gives its id.

        Whoever has waited longest is the first.
        """
        while True:
            own = await self._patiently(lambda: self._own(engine))
            page = await self._patiently(lambda: self._rest.games(status="open", engine=engine))
            for game in sorted(page.games, key=lambda game: game.created_at):
                if game.game_id not in own and await self._sat_down(game):
                    return game.game_id
            await asyncio.sleep(LOOK)

    async def _sat_down(self, game: GameRow) -> bool:
        try:
            await self.sit(game.game_id)
        except Refused as refused:
            if refused.code not in TAKEN:
                raise
            return False
        return True

    async def _own(self, engine: str) -> set[str]:
        """The open tables at which this user sits."""
        page = await self._rest.my_games(status="open", engine=engine)
        return {game.game_id for game in page.games}

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask until it is answered; only for what may be asked twice."""
        now = asyncio.get_running_loop().time
        end = now() + self._patience
        while True:
            try:
                return await ask()
            except ConnectionLost:
                if now() > end:
                    raise
            except Refused as refused:
                if now() > end or not refused.retryable:
                    raise
            await asyncio.sleep(PAUSE)
