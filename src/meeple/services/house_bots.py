"""House bots: whoever's turn is a bot's is thought for outside of every request, and played.

A bot's action goes the way of everybody's, `GameService.execute_action`, under an ``action_id``
made of the seq that it was thought at. So it is played once, whoever thinks: this server, the same
one after a crash, or two nodes at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import SystemRandom
from typing import Protocol
from uuid import UUID

import structlog

from meeple.bots import LEVELS, Budget, RandomPolicy, policy_for
from meeple.engine.base import JSON
from meeple.engine.game import Game
from meeple.engine.log import Bot, Entry, Player, bot_user_id
from meeple.engine.rules import Rules
from meeple.errors import (
    EngineError,
    ForcedActionRequired,
    GameOver,
    IllegalAction,
    InvalidMessage,
    NotYourTurn,
    PolicyNotAvailable,
    StaleSeq,
    Unavailable,
)
from meeple.protocols import Clock, GameLog
from meeple.services.bot_process import BotFailed, BotProcess
from meeple.services.bot_queue import BotQueue, Wait
from meeple.services.bot_search import BotSearch, SearchedGames
from meeple.services.bot_tables import BotTables
from meeple.services.bot_worker import Task
from meeple.services.executor import Receipt

log = structlog.get_logger(__name__)

#: The share of its time that a bot thinks about one action, and seconds that it thinks at least.
SHARE, LEAST = 1 / 20, 0.05
#: Seconds that it takes, beside the thought, to fold a game.
FOLDING = 0.5
#: Seconds until a bot tries again whose action could not be written.
PAUSE = 1.0
#: How much the processes stand back behind the server's: those that people wait for, and the one
#: for the tables at which nobody does.
NICENESS, NICENESS_BOTS_ONLY = 10, 19
#: Seconds between two looks for tables whose node has died, and how long a bot is to act there.
SEARCH, OVERDUE = 15.0, 10.0
#: The least part of its time that a bot has for a thought, however many wait.
LEAST_PART = 0.05


class HouseGames(SearchedGames, Protocol):
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

    Tables at which somebody sits have ``workers`` processes, and share them fairly between those
    who made them: see `BotQueue`. All tables at which only bots sit have one process together,
    beside those: nobody waits for them, and nobody because of them.

    Args:
        log: where tables are found again after a restart.
        workers: how many processes think at once, at least 1; each starts when it is first needed.
        seconds: how long a thought may take: it should end by then, sooner if others wait, and at
            twice as long the bot plays by chance and its process is replaced.
        clock: the server's time.
        search: seconds between two looks for tables of other nodes that died; None if there are no
            other nodes.
        new_process: makes one of the pool, of such a niceness.
    """

    def __init__(
        self,
        log: GameLog,
        *,
        workers: int,
        seconds: float,
        clock: Clock,
        search: float | None = SEARCH,
        new_process: Callable[[int], BotProcess] = BotProcess,
    ) -> None:
        self._log = log
        self._workers = workers
        self._seconds = seconds
        self._clock = clock
        self._every = search
        self._new_process = new_process
        self._games: HouseGames
        self._rng = SystemRandom()
        self._tables = BotTables()
        #: Games in which a bot is to act and somebody waits for it, and the others.
        self._waiting, self._waiting_bots_only = BotQueue(), BotQueue()
        self._thinking: set[tuple[str, int]] = set()

    def serve(self, games: HouseGames) -> None:
        """Play at the tables of ``games``; called once, before `run`."""
        self._games = games

    @property
    def waiting(self) -> int:
        """How many tables wait for a bot's turn to think."""
        return len(self._waiting) + len(self._waiting_bots_only)

    # --- for the GameService ------------------------------------------------------------------

    def admit(
        self, game_id: str, creator: UUID, seats: Sequence[Player | None], rules: Rules
    ) -> None:
        """See `BotHouse.admit`."""
        bots = [one.bot for one in seats if one is not None and one.bot is not None]
        for bot in bots:
            if not 1 <= bot.level <= len(LEVELS):
                raise InvalidMessage(f"seats: a bot's level is 1 to {len(LEVELS)}")
            policy_for(bot.policy, rules)
        self._tables.admit(game_id, creator, bots_only=len(bots) == len(seats))

    def notice(self, game: Game, *, elsewhere: bool = False) -> None:
        """See `BotHouse.notice`."""
        self._tables.note(game)
        if not elsewhere:
            self._wait(game)

    def _wait(self, game: Game) -> None:
        """If a bot is to act, it waits for its turn to think."""
        seat = _bot_to_act(game)
        if seat is not None:
            queue = self._waiting_bots_only if game.bots_only else self._waiting
            queue.put(Wait(game.game_id, game.creator, _cost(_bot(game, seat))))

    # --- thinking -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Find the tables that wait for a bot, and play until it is cancelled."""
        lanes = self._workers
        runs = [self._lane(self._waiting, lanes, NICENESS) for _ in range(lanes)]
        runs += [self._lane(self._waiting_bots_only, 1, NICENESS_BOTS_ONLY), self._search()]
        tasks = [asyncio.create_task(one) for one in runs]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _search(self) -> None:
        """Notice the tables of before the start, and those whose node has died since."""
        search = BotSearch(self._log, self._games, self._clock, overdue=OVERDUE)
        async for game in search.at_start():
            if game.game_id not in self._tables:
                self.notice(game)
        if self._every is not None:
            async for game in search.overdue(self._every):
                self._wait(game)

    async def _lane(self, queue: BotQueue, lanes: int, niceness: int) -> None:
        """One of the queue's processes, and one thought after the other."""
        process = self._new_process(niceness)
        try:
            while True:
                wait = await queue.get()
                # All who wait shall have their thoughts in about the time of one.
                part = max(LEAST_PART, min(1, lanes / (1 + queue.creators)))
                try:
                    await self._take_turn(wait.game_id, process, part * self._seconds)
                except Unavailable:
                    asyncio.get_running_loop().call_later(PAUSE, queue.put, wait)
                except Exception:
                    # One table's trouble is not the others'.
                    log.exception("bot failed", game_id=wait.game_id)
        finally:
            await process.aclose()

    async def _take_turn(self, game_id: str, process: BotProcess, seconds: float) -> None:
        try:
            game, entries = await self._games.position(game_id)
            seat = _bot_to_act(game)
            if seat is not None and (game_id, game.seq) not in self._thinking:
                self._thinking.add((game_id, game.seq))
                try:
                    await self._play(game, entries, seat, process, seconds)
                finally:
                    self._thinking.discard((game_id, game.seq))
        except (StaleSeq, NotYourTurn, GameOver):
            # Somebody else acted meanwhile: `notice` was told, and it is thought about anew.
            log.debug("bot was overtaken", game_id=game_id)

    async def _play(
        self,
        game: Game,
        entries: list[Entry],
        seat: int,
        process: BotProcess,
        seconds: float,
    ) -> None:
        try:
            try:
                task = self._task(game, entries, seat, seconds)
                await self._act(game, seat, await process.think(task))
            except (BotFailed, IllegalAction, ForcedActionRequired) as error:
                log.warning("bot plays by chance", game_id=game.game_id, seat=seat, why=str(error))
                policy = RandomPolicy(game.rules)
                await self._act(game, seat, policy.choose(game.state, seat, Budget(), self._rng))
        except (EngineError, PolicyNotAvailable):
            # It will fail the next time as well, and nobody shall wait for it for ever.
            log.exception("bot resigns", game_id=game.game_id, seat=seat)
            await self._games.resign(game.game_id, bot_user_id(seat), action_id=f"house-{game.seq}")

    def _task(self, game: Game, entries: list[Entry], seat: int, seconds: float) -> Task:
        """What to think about, and for how long: of a clock, a small share of what is left."""
        limit = 2 * self._seconds
        if game.clock is not None:
            left = game.clock.left(seat, self._clock.now_ms()) / 1000
            seconds = min(seconds, max(LEAST, left * SHARE))
            limit = min(limit, 2 * seconds + FOLDING)
        return Task(entries, seat, _bot(game, seat), seconds, limit)

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


def _bot(game: Game, seat: int) -> Bot:
    player = game.players[seat]
    assert player is not None
    assert player.bot is not None
    return player.bot


def _cost(bot: Bot) -> float:
    """What a thought costs, in simulated games."""
    return 1 if bot.policy == "random" else LEVELS[bot.level - 1]
