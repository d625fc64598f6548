"""House bots: whoever's turn is a bot's is thought for outside of every request, and played.

A bot's action goes the way of everybody's, `GameService.execute_action`, under an ``action_id``
made of the seq that it was thought at. So it is played once, whoever thinks: this server, the same
one after a crash, or two nodes at the same time.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from random import SystemRandom
from typing import Protocol
from uuid import UUID

import structlog

from meeple.bots import LEVELS, Budget, RandomPolicy, policy_for
from meeple.engine.base import JSON
from meeple.engine.game import Game
from meeple.engine.log import Bot, Entry, GameStatus, bot_user_id
from meeple.engine.rules import Rules
from meeple.errors import (
    EngineError,
    ForcedActionRequired,
    GameOver,
    IllegalAction,
    InvalidMessage,
    MeepleError,
    NotYourTurn,
    PolicyNotAvailable,
    RateLimited,
    StaleSeq,
    Unavailable,
)
from meeple.protocols import Clock, GameLog
from meeple.services.bot_process import BotFailed, BotProcess
from meeple.services.bot_worker import Task
from meeple.services.clock import SystemClock
from meeple.services.executor import Receipt

log = structlog.get_logger(__name__)

#: Tables with bots at which something happened lately: of one user, and of all.
USER_TABLES, ALL_TABLES = 16, 2_000
#: Seconds after which a table at which nothing happens is not counted any more.
IDLE = 600.0
#: The share of its time that a bot thinks about one action, and seconds that it thinks at least.
SHARE, LEAST = 1 / 20, 0.05
#: Seconds that it takes, beside the thought, to fold a game.
FOLDING = 0.5
#: Seconds until a bot tries again whose action could not be written.
PAUSE = 1.0
#: Seats that are looked for at the start; no table has more.
SEATS = 100


class HouseGames(Protocol):
    """What the house needs of the `GameService`."""

    async def position(self, game_id: str) -> tuple[Game, list[Entry]]:
        """The game and its whole log."""
        ...

    async def execute_action(
        self,
        game_id: str,
        user_id: UUID,
        action: JSON,
        *,
        action_id: str | None = None,
        seq: int | None = None,
    ) -> Receipt:
        """Play ``action``."""
        ...

    async def resign(self, game_id: str, user_id: UUID, *, action_id: str | None = None) -> Receipt:
        """Give up."""
        ...


class HouseBots:
    """Plays for the bots of this server's tables; a `BotHouse`.

    Args:
        log: where tables are found again after a restart.
        workers: how many processes think at once, at least 1; each starts when it is first needed.
        seconds: how long a thought may take: it should end by then, and at twice as long the bot
            plays by chance and its process is replaced.
        new_process: makes one of the pool.
        clock: the server's time.
    """

    def __init__(
        self,
        log: GameLog,
        *,
        workers: int,
        seconds: float,
        new_process: Callable[[], BotProcess] = BotProcess,
        clock: Clock | None = None,
    ) -> None:
        self._log = log
        self._workers = workers
        self._seconds = seconds
        self._new_process = new_process
        self._clock = clock or SystemClock()
        self._games: HouseGames
        self._rng = SystemRandom()
        #: Live tables with bots, those that changed least lately first: who made them, and when.
        self._tables: OrderedDict[str, tuple[UUID, float]] = OrderedDict()
        #: Games in which a bot is to act, in the order in which they are thought about.
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._thinking: set[tuple[str, int]] = set()
        self._work = asyncio.Event()

    def serve(self, games: HouseGames) -> None:
        """Play at the tables of ``games``; called once, before `run`."""
        self._games = games

    # --- for the GameService ------------------------------------------------------------------

    def admit(self, creator: UUID, bots: Collection[Bot], rules: Rules) -> None:
        """See `BotHouse.admit`."""
        for bot in bots:
            if not 1 <= bot.level <= len(LEVELS):
                raise InvalidMessage(f"seats: a bot's level is 1 to {len(LEVELS)}")
            policy_for(bot.policy, rules)
        self._forget_idle()
        if len(self._tables) >= ALL_TABLES:
            raise Unavailable("the house's bots are all at other tables; try again later")
        if Counter(user for user, _ in self._tables.values())[creator] >= USER_TABLES:
            raise RateLimited(f"you play at {USER_TABLES} tables with bots; finish one first")

    def notice(self, game: Game) -> None:
        """See `BotHouse.notice`."""
        self._tables.pop(game.game_id, None)
        if game.status is not GameStatus.LIVE:
            return
        self._tables[game.game_id] = (game.creator, asyncio.get_running_loop().time())
        if _bot_to_act(game) is not None:
            self._wait(game.game_id)

    def _wait(self, game_id: str) -> None:
        self._waiting[game_id] = None
        self._work.set()

    def _forget_idle(self) -> None:
        since = asyncio.get_running_loop().time() - IDLE
        while self._tables and next(iter(self._tables.values()))[1] < since:
            self._tables.popitem(last=False)

    # --- thinking -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Find the tables that wait for a bot, and play until it is cancelled."""
        tasks = [asyncio.create_task(self._lane()) for _ in range(self._workers)]
        tasks.append(asyncio.create_task(self._resume()))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _resume(self) -> None:
        while True:
            try:
                return await self._find_tables()
            except Unavailable:
                await asyncio.sleep(PAUSE)

    async def _find_tables(self) -> None:
        """Load every live table with bots, which says by `notice` whose turn it is."""
        for seat in range(SEATS):
            cursor: str | None = ""
            while cursor is not None:
                page = await self._log.list_games(
                    status=GameStatus.LIVE,
                    player=bot_user_id(seat),
                    public_only=False,
                    cursor=cursor or None,
                )
                for row in page.games:
                    if row.game_id not in self._tables:
                        await self._load(row.game_id)
                cursor = page.cursor

    async def _load(self, game_id: str) -> None:
        try:
            game, _ = await self._games.position(game_id)
        except Unavailable:
            raise
        except MeepleError as error:
            log.warning("table with bots cannot be loaded", game_id=game_id, error=error.message)
        else:
            self.notice(game)

    async def _lane(self) -> None:
        """One process, and one thought after the other."""
        process = self._new_process()
        try:
            while True:
                await self._work.wait()
                if not self._waiting:
                    self._work.clear()
                    continue
                game_id, _ = self._waiting.popitem(last=False)
                try:
                    await self._take_turn(game_id, process)
                except Exception:
                    # One table's trouble is not the others'.
                    log.exception("bot failed", game_id=game_id)
        finally:
            await process.aclose()

    async def _take_turn(self, game_id: str, process: BotProcess) -> None:
        try:
            game, entries = await self._games.position(game_id)
            seat = _bot_to_act(game)
            if seat is not None and (game_id, game.seq) not in self._thinking:
                self._thinking.add((game_id, game.seq))
                try:
                    await self._play(game, entries, seat, process)
                finally:
                    self._thinking.discard((game_id, game.seq))
        except (StaleSeq, NotYourTurn, GameOver):
            # Somebody else acted meanwhile: `notice` was told, and it is thought about anew.
            log.debug("bot was overtaken", game_id=game_id)
        except Unavailable:
            asyncio.get_running_loop().call_later(PAUSE, self._wait, game_id)

    async def _play(self, game: Game, entries: list[Entry], seat: int, process: BotProcess) -> None:
        try:
            try:
                await self._act(game, seat, await self._thought(game, entries, seat, process))
            except (BotFailed, IllegalAction, ForcedActionRequired) as error:
                log.warning("bot plays by chance", game_id=game.game_id, seat=seat, why=str(error))
                policy = RandomPolicy(game.rules)
                await self._act(game, seat, policy.choose(game.state, seat, Budget(), self._rng))
        except (EngineError, PolicyNotAvailable):
            # It will fail the next time as well, and nobody shall wait for it for ever.
            log.exception("bot resigns", game_id=game.game_id, seat=seat)
            await self._games.resign(game.game_id, bot_user_id(seat), action_id=f"house-{game.seq}")

    async def _thought(
        self, game: Game, entries: list[Entry], seat: int, process: BotProcess
    ) -> JSON:
        player = game.players[seat]
        assert player is not None
        assert player.bot is not None
        seconds, patience = self._seconds, 2 * self._seconds
        if game.clock is not None:
            left = game.clock.left(seat, self._clock.now_ms()) / 1000
            seconds = min(seconds, max(LEAST, left * SHARE))
            patience = min(patience, 2 * seconds + FOLDING)
        return await process.think(Task(entries, seat, player.bot, seconds), patience)

    async def _act(self, game: Game, seat: int, action: JSON) -> None:
        await self._games.execute_action(
            game.game_id,
            bot_user_id(seat),
            action,
            action_id=f"house-{game.seq}",
            seq=game.seq,
        )


def _bot_to_act(game: Game) -> int | None:
    """The first bot that is to act; None if none is."""
    return next((seat for seat in game.to_act if seat in game.bots), None)
