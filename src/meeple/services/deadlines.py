"""Deadlines: what a clock demands happens in time, exactly once, whichever node sees to it.

A game's deadline is written with its entries. This node has a timer for the games in its memory,
and each second looks in the log for games that are due on no living node. Both end in
`GameService.run_out`, whose append is conditional: of all who come, one wins.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from contextlib import suppress
from typing import Protocol

import structlog

from meeple.engine.game import Game
from meeple.engine.log import GameStatus
from meeple.errors import EngineNotFound, GameNotFound, StaleSeq, Unavailable
from meeple.protocols import Broadcaster, Clock, GameLog
from meeple.services import projection
from meeple.services.timekeeper import BEAT, Timekeeper

log = structlog.get_logger(__name__)

#: Games that are looked for at once, and that are seen to side by side.
BATCH, AT_ONCE = 100, 50
#: Ms after which, at most, a game is tried again that could not be seen to; and of how many such
#: games that is remembered.
PUT_OFF, MOST_PUT_OFF = 60_000, 10_000


#: Times that are not true any more and may be remembered, beside as many as there are true ones.
MOST_STALE = 1_000


class TimedGames(Protocol):
    """What deadlines need of the `GameService`."""

    async def run_out(self, game_id: str) -> None:
        """Carry out what comes of a time that has run out."""
        ...

    def clocked(self, game_id: str) -> Game | None:
        """The game, if it is in memory, live and has clocks."""
        ...


class Deadlines:
    """Sees to the clocks of this server's games, and of those whose server died; a `ClockWatch`.

    Args:
        log: where deadlines are kept.
        clock: the server's time.
        keeper: beats each second.
        broadcaster: the viewers who are warned.
    """

    def __init__(
        self, log: GameLog, clock: Clock, keeper: Timekeeper, broadcaster: Broadcaster
    ) -> None:
        self._log = log
        self._clock = clock
        self._keeper = keeper
        self._broadcaster = broadcaster
        self._games: TimedGames
        #: When each game in memory is to be looked at next, and since when it has been watched.
        self._next: dict[str, int] = {}
        self._looked: dict[str, int] = {}
        #: The same times, and some that are not true any more: at most a few a game.
        self._heap: list[tuple[int, str]] = []
        #: Games that the log has as due and that cannot be seen to: until when, after which wait.
        self._put_off: dict[str, tuple[int, int]] = {}
        #: How many times it saw to a game, by what came of it.
        self.seen_to: Counter[str] = Counter()
        self._sooner = asyncio.Event()
        self._first = asyncio.Event()

    def serve(self, games: TimedGames) -> None:
        """See to the clocks of ``games``; called once, before `run`."""
        self._games = games

    def __len__(self) -> int:
        """How many times it remembers, those that are not true any more included."""
        return len(self._heap)

    # --- for the GameService ------------------------------------------------------------------

    def notice(self, game: Game) -> None:
        """See `ClockWatch.notice`."""
        game_id = game.game_id
        if game.status is not GameStatus.LIVE:
            self._forget(game_id)
            return
        if game_id not in self._looked:
            if not self._looked:
                # Without any deadline no beat was written: from now on, it is to be known when this
                # node lived.
                self._first.set()
            self._looked[game_id] = self._clock.now_ms()
        if game.clock is not None and not game.clock.real_time:
            # Days away, for any number of games: the sweep is good enough.
            return
        at = _next_event(game, self._looked[game_id])
        known = self._next.get(game_id)
        # One that is looked at too early costs less than a heap that grows with every action.
        if at is not None and (known is None or at < known):
            self._look_at(game_id, at)

    def _look_at(self, game_id: str, at: int) -> None:
        self._next[game_id] = at
        heapq.heappush(self._heap, (at, game_id))
        if len(self._heap) > 2 * len(self._next) + MOST_STALE:
            self._heap = [(at, game_id) for game_id, at in self._next.items()]
            heapq.heapify(self._heap)
        if self._heap[0] == (at, game_id):
            self._sooner.set()

    def _forget(self, game_id: str) -> None:
        self._next.pop(game_id, None)
        self._looked.pop(game_id, None)

    # --- running ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Beat, look and see to it, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beats())
            tasks.create_task(self._timer())
            tasks.create_task(self._sweeps())

    async def _beats(self) -> None:
        while True:
            self._first.clear()
            try:
                await self._keeper.beat()
            except Unavailable as error:
                log.warning("no beat", error=error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT / 1000):
                    await self._first.wait()

    # --- the timer ----------------------------------------------------------------------------

    async def _timer(self) -> None:
        while True:
            self._sooner.clear()
            wait = BEAT
            if self._heap:
                wait = min(wait, max(1, self._heap[0][0] - self._clock.now_ms()))
            with suppress(TimeoutError):
                async with asyncio.timeout(wait / 1000):
                    await self._sooner.wait()
            await self.tick()

    async def tick(self) -> None:
        """See to the games in memory that are due now, and warn whose time is short."""
        now = self._clock.now_ms()
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, game_id = heapq.heappop(self._heap)
            if self._next.get(game_id) != at:
                continue
            del self._next[game_id]
            game = self._games.clocked(game_id)
            if game is None:
                self._forget(game_id)
                continue
            self._warn(game, self._looked[game_id], now)
            self._looked[game_id] = now
            due_at = None if game.clock is None else game.clock.due_at()
            if due_at is not None and due_at <= now:
                due.append(game_id)
            else:
                self.notice(game)
        # What could not be done is found again by the sweep.
        await self._see_to(due)

    def _warn(self, game: Game, since: int, now: int) -> None:
        for at, seat in [] if game.clock is None else game.clock.warnings():
            if since < at <= now and game.clock is not None:
                due_at = game.clock.deadline(seat) or now
                message = projection.warning(game.game_id, seat, now, due_at)
                for viewer in self._broadcaster.audience(game.game_id):
                    self._broadcaster.send(game.game_id, viewer, message)

    # --- the sweep ----------------------------------------------------------------------------

    async def _sweeps(self) -> None:
        while True:
            try:
                await self.sweep()
            except Unavailable as error:
                log.warning("deadlines cannot be read", error=error.message)
            await asyncio.sleep(BEAT / 1000)

    async def sweep(self) -> None:
        """See to every game that is due, wherever it was played.

        Raises:
            Unavailable: the log does not answer.
        """
        while True:
            now = self._clock.now_ms()
            for game_id, (until, _) in list(self._put_off.items()):
                if until + PUT_OFF <= now:
                    del self._put_off[game_id]
            waiting = {game_id for game_id, (until, _) in self._put_off.items() if until > now}
            found = await self._log.due_games(now, BATCH + len(waiting))
            due = [game_id for game_id in found if game_id not in waiting]
            for game_id in await self._see_to(due[:BATCH]):
                self._postpone(game_id, now)
            if len(due) < BATCH:
                return

    def _postpone(self, game_id: str, now: int) -> None:
        """It was not due after all, or it failed: try again later, and ever later."""
        _, waited = self._put_off.pop(game_id, (0, BEAT // 2))
        wait = min(2 * waited, PUT_OFF)
        self._put_off[game_id] = now + wait, wait
        if len(self._put_off) > MOST_PUT_OFF:
            del self._put_off[next(iter(self._put_off))]

    async def _see_to(self, due: list[str]) -> list[str]:
        """Give the games that are still in the log as due."""
        left: list[str] = []
        for start in range(0, len(due), AT_ONCE):
            some = due[start : start + AT_ONCE]
            done = await asyncio.gather(*map(self._run_out, some))
            left += [game_id for game_id, fine in zip(some, done, strict=True) if not fine]
        return left

    async def _run_out(self, game_id: str) -> bool:
        try:
            await self._games.run_out(game_id)
        except StaleSeq:
            self.seen_to["not_due"] += 1
            return False
        except Unavailable as error:
            self.seen_to["waits"] += 1
            log.warning("deadline has to wait", game_id=game_id, error=error.message)
            return False
        except (GameNotFound, EngineNotFound) as error:
            self.seen_to["failed"] += 1
            log.warning("deadline cannot be seen to", game_id=game_id, error=error.message)
            return False
        except Exception:
            # One table's trouble is not the others'.
            self.seen_to["failed"] += 1
            log.exception("deadline failed", game_id=game_id)
            return False
        self.seen_to["done"] += 1
        self._put_off.pop(game_id, None)
        return True


def _next_event(game: Game, since: int) -> int | None:
    """When the game is to be looked at next: for a warning after ``since``, or its deadline."""
    if game.clock is None:
        return None
    due_at = game.clock.due_at()
    warnings = [at for at, _ in game.clock.warnings() if at > since]
    return min([*warnings[:1], *([] if due_at is None else [due_at])], default=None)
