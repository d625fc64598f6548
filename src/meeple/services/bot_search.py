"""Finds tables that wait for a bot of which nobody told this node: after a restart or a death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import SystemRandom
from typing import Protocol

import structlog

from meeple.engine.game import Game
from meeple.engine.log import GameRow, GameStatus
from meeple.errors import MeepleError, Unavailable
from meeple.protocols import Clock, GameLog
from meeple.services.bot_tables import ALL_TABLES

log = structlog.get_logger(__name__)

#: Seconds until the log is asked again that did not answer.
PAUSE = 1.0
#: Games that are asked for at a time.
PAGE = 100
#: A table is looked at again once it has been quiet for so much longer, as a part of its quiet.
SLOWDOWN = 0.25


class SearchedGames(Protocol):
    """What the search needs of the `GameService`."""

    async def refresh(self, game_id: str) -> Game:
        """The game as the log has it now."""
        ...


class BotSearch:
    """Looks through the live games for bots that are to act.

    Args:
        log: where they are listed.
        games: where they are looked at.
        clock: the server's time.
        overdue: seconds that a bot may be to act before its node is taken for dead.
    """

    def __init__(self, log: GameLog, games: SearchedGames, clock: Clock, *, overdue: float) -> None:
        self._log = log
        self._games = games
        self._clock = clock
        self._overdue = overdue
        self._rng = SystemRandom()
        #: When each table is to be looked at again, in ms of the server's time.
        self._next: dict[str, float] = {}

    async def at_start(self) -> AsyncIterator[Game]:
        """Every live game with a bot."""
        while True:
            try:
                rows = [row async for row in self._live()]
                break
            except Unavailable:
                await asyncio.sleep(PAUSE)
        for row in rows:
            game = await self._look(row.game_id)
            if game is not None:
                yield game

    async def overdue(self, every: float) -> AsyncIterator[Game]:
        """From now on, each game whose bot has been to act for too long.

        About ``every`` so many seconds the newest `ALL_TABLES` live games are gone through. Where
        nothing has happened for long, it is looked less often: whoever comes back to such a table
        brings it to this node's notice.
        """
        while True:
            # Not in step with the other nodes, so that one of them is the first.
            await asyncio.sleep(every * self._rng.uniform(0.75, 1.25))
            try:
                rows = [row async for row in self._live(ALL_TABLES)]
            except Unavailable as error:
                log.warning("tables with bots cannot be listed", error=error.message)
                continue
            due = {row.game_id: self._next.get(row.game_id, 0) for row in rows}
            self._next = {game_id: at for game_id, at in due.items() if at}
            for game_id, at in due.items():
                if at > self._clock.now_ms():
                    continue
                game = await self._look(game_id)
                if game is not None and self._note(game):
                    yield game

    def _note(self, game: Game) -> bool:
        """Whether the last entry is old enough; when to look again."""
        now = self._clock.now_ms()
        quiet = max(0, now - game.at)
        self._next[game.game_id] = now + SLOWDOWN * quiet
        return quiet > 1000 * self._overdue

    async def _live(self, limit: int | None = None) -> AsyncIterator[GameRow]:
        """The live games with bots among the newest ``limit`` live games."""
        cursor, seen = None, 0
        while limit is None or seen < limit:
            page = await self._log.list_games(
                status=GameStatus.LIVE, public_only=False, cursor=cursor, limit=PAGE
            )
            for row in page.games:
                if any(one is not None and one.bot is not None for one in row.players):
                    yield row
            seen, cursor = seen + len(page.games), page.cursor
            if cursor is None:
                return

    async def _look(self, game_id: str) -> Game | None:
        while True:
            try:
                return await self._games.refresh(game_id)
            except Unavailable:
                await asyncio.sleep(PAUSE)
            except MeepleError as error:
                log.warning("table with bots cannot be loaded", game_id=game_id, why=error.message)
                return None
