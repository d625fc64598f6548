"""How many tables with bots there may be: in all, and of one creator."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

from meeple.engine.game import Game
from meeple.engine.log import GameStatus
from meeple.errors import RateLimited, Unavailable

#: Tables with bots at which something happened lately: of one user, and of all.
USER_TABLES, ALL_TABLES = 16, 2_000
#: Those of them at which nobody else sits, and where nobody therefore has to wait for anybody.
USER_BOTS_ONLY, ALL_BOTS_ONLY = 4, 50
#: Seconds after which a table at which nothing happens is not counted any more.
IDLE = 600.0


class _Counted(NamedTuple):
    creator: UUID
    bots_only: bool
    since: float


class BotTables:
    """The tables with bots at which something happened lately, as far as this node knows."""

    def __init__(self) -> None:
        #: Those that changed least lately first.
        self._tables: OrderedDict[str, _Counted] = OrderedDict()

    def __contains__(self, game_id: str) -> bool:
        return game_id in self._tables

    def admit(self, game_id: str, creator: UUID, *, bots_only: bool) -> None:
        """Count a table that is about to be made.

        Raises:
            RateLimited: its creator has enough of them.
            Unavailable: the house has.
        """
        self._forget_idle()
        tables = self._tables.values()
        own = [one for one in tables if one.creator == creator]
        if len(own) >= USER_TABLES:
            raise RateLimited(f"you play at {USER_TABLES} tables with bots; finish one first")
        if len(tables) >= ALL_TABLES:
            raise Unavailable("the house's bots are all at other tables; try again later")
        if bots_only:
            if sum(one.bots_only for one in own) >= USER_BOTS_ONLY:
                raise RateLimited(
                    f"you have {USER_BOTS_ONLY} tables at which only bots sit; abort one first"
                )
            if sum(one.bots_only for one in tables) >= ALL_BOTS_ONLY:
                raise Unavailable("there are enough tables at which only bots sit; sit down too")
        self._count(game_id, creator, bots_only)

    def note(self, game: Game) -> None:
        """Something happened at the table."""
        self._tables.pop(game.game_id, None)
        if game.status is not GameStatus.OVER:
            self._count(game.game_id, game.creator, game.bots_only)

    def _count(self, game_id: str, creator: UUID, bots_only: bool) -> None:
        now = asyncio.get_running_loop().time()
        self._tables[game_id] = _Counted(creator, bots_only, now)

    def _forget_idle(self) -> None:
        since = asyncio.get_running_loop().time() - IDLE
        while self._tables and next(iter(self._tables.values())).since < since:
            self._tables.popitem(last=False)
