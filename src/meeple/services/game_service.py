"""The use cases of a game: what a user may ask of a table; how it changes is `Executor`'s."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from meeple.engine.base import JSON
from meeple.engine.game import Game, Step
from meeple.engine.log import Bot, Entry, GameStatus, Player
from meeple.engine.offers import OfferKind
from meeple.engine.rng import SEED_BYTES
from meeple.engine.rules import Rules
from meeple.engine.time_controls import time_control as time_control_of
from meeple.errors import EngineError, EngineNotFound, MeepleError, PolicyNotAvailable
from meeple.protocols import (
    Appended,
    BotHouse,
    Broadcaster,
    Bus,
    Clock,
    ClockWatch,
    EngineFactory,
    GameLog,
    Gone,
    Presence,
)
from meeple.services import commands, offer_commands, projection, timing, unfolded
from meeple.services.absence import Absences
from meeple.services.executor import Decide, Executor, OnDone, Receipt, unheard
from meeple.services.reader import Reader
from meeple.services.tables import NO_LIMIT, Table, Tables
from meeple.services.timekeeper import Timekeeper
from meeple.services.viewers import Viewers
from meeple.stats import Histogram

#: Whoever acts for nobody: no user has this id.
NOBODY = UUID(int=0)


def new_game_id(now_ms: int) -> str:
    """An id for a game that is made at that time."""
    # Seconds first, so that ids sort by creation and new games lie together on the disk; then 64
    # random bits, so that nobody guesses the address of a game that is not public.
    return f"{now_ms // 1000:08x}{secrets.token_hex(8)}"


class GameService:
    """Orchestrates tables: rules, log and viewers.

    Args:
        engine_factory: gives the engine of a name, or raises `EngineNotFound`.
        log: where entries are appended, and games are read from.
        clock: the server's time.
        broadcaster: the viewers on this node.
        presence: who is at which table.
        house: the bots that may sit at tables; None if there are none here.
        watch: sees to it that clocks run out in time; None if nobody does here.
        keeper: knows what time is given back; one of its own if None.
        bus: connects this node with those that share its log; None if it is the only one.
        max_live: how many games are kept in memory.
        time_limit: ends an engine that does not come back; see `TimeLimit`.
        new_game_id: makes an id from the server's time in ms.
        new_seed: makes a game's secret seed of `SEED_BYTES` bytes.
    """

    def __init__(
        self,
        engine_factory: EngineFactory,
        log: GameLog,
        clock: Clock,
        broadcaster: Broadcaster,
        presence: Presence,
        *,
        house: BotHouse | None = None,
        watch: ClockWatch | None = None,
        keeper: Timekeeper | None = None,
        bus: Bus | None = None,
        max_live: int = 10_000,
        new_game_id: Callable[[int], str] = new_game_id,
        time_limit: AbstractContextManager[None] = NO_LIMIT,
        new_seed: Callable[[], bytes] = lambda: secrets.token_bytes(SEED_BYTES),
    ) -> None:
        self._tables = Tables(
            engine_factory,
            log,
            house=house,
            watch=watch,
            limit=max_live,
            time_limit=time_limit,
            clock=clock,
        )
        self._keeper = keeper or Timekeeper(log, clock)
        self._absences = Absences(presence, clock)
        self._executor = Executor(
            self._tables,
            log,
            clock,
            broadcaster,
            presence,
            time_limit,
            self._keeper,
            bus,
            lambda game_id: self.viewers.is_current(game_id),
        )
        #: Those who watch.
        self.viewers = Viewers(
            self._tables,
            self._executor,
            log,
            broadcaster,
            presence,
            clock,
            self._keeper,
            self._absences,
            bus=bus,
            time_limit=time_limit,
        )
        #: Those who look once.
        self.reader = Reader(
            self._tables,
            self._executor,
            log,
            presence,
            clock,
            self._keeper,
            time_limit=time_limit,
        )
        self._bus = bus
        self._time_limit = time_limit
        self._house = house
        self._log = log
        self._clock = clock
        self._broadcaster = broadcaster
        self._new_game_id = new_game_id
        self._new_seed = new_seed

    @property
    def in_memory(self) -> int:
        """How many games are in memory."""
        return len(self._tables)

    @property
    def engine_seconds(self) -> Mapping[str, Histogram]:
        """How long engines took for a command, views included, by the engine's name."""
        return self._executor.engine_seconds

    # --- commands -----------------------------------------------------------------------------

    async def create_game(
        self,
        creator: Player,
        engine: str,
        *,
        options: Mapping[str, JSON] | None = None,
        seats: int | Sequence[str | Bot | None] | None = None,
        public: bool = True,
        time_control: JSON = None,
        claim_after: int | UnsetType | None = UNSET,
        chat: bool = True,
    ) -> projection.GameState:
        """Make a table; its creator sits down unless ``seats`` is a list without ``"me"``.

        ``claim_after`` is how many seconds a player whose line broke has to come back before the
        others may claim; None or 0: there are no claims; UNSET: by the speed of the game.
        Players and spectators can talk there unless ``chat`` is False.

        Raises:
            EngineNotFound: there is no such engine.
            InvalidMessage: the engine does not take these options or seats, there is no such time
                control, or ``claim_after`` is out of bounds.
            PolicyNotAvailable: there is no such bot for this game.
            RateLimited: the creator has enough tables with bots.
            EngineError, Unavailable: it could not be made.
        """
        rules = self._tables.rules(engine)
        seating = commands.seating(seats, rules, creator)
        control = time_control_of(time_control)
        now = self._clock.now_ms()
        game_id = self._new_game_id(now)
        with self._time_limit:
            steps = [
                commands.make(
                    game_id,
                    rules,
                    rules.options(options or {}),
                    len(seating),
                    self._new_seed(),
                    creator=creator.user_id,
                    public=public,
                    chat=chat,
                    at=now,
                    time_control=control,
                    claim_after=claim_after,
                )
            ]
            for seat, player in enumerate(seating):
                if player is not None:
                    steps += commands.sit(steps[-1].game, player, seat, now)
            game = steps[-1].game
            self._check_shown(game)
        self._admit_bots(game_id, creator.user_id, seating, rules)
        await self._log.append(
            game_id,
            0,
            [step.entry for step in steps],
            row=game.row(),
            due_at=UNSET if game.clock is None else game.clock.due_at(),
        )
        self._tables.add(Table(steps))
        return self.reader.shown(game, game.seat_of(creator.user_id))

    async def take_seat(
        self, game_id: str, player: Player, seat: int | None = None
    ) -> projection.GameState:
        """Sit down; the game starts when the table is full. Who sits already, stays there.

        Raises:
            GameNotFound, GameFull, SeatTaken, GameOver, InvalidMessage: there is no seat to take.
            EngineError, Unavailable: it could not be done.
        """
        table = await self._executor.table(game_id)
        if table.game.seat_of(player.user_id) is None:

            def decide(game: Game, now: int, own: int | None, key: str | None) -> list[Step]:
                if own is not None:
                    return []
                steps = commands.sit(game, player, seat, now)
                self._check_shown(steps[-1].game)
                return steps

            await self._executor.execute(game_id, decide, player.user_id)
            # Not announced at once: who sits down by REST is about to connect. The next sweep does.
            await self._absences.note(table.game)
        return self.reader.shown(table.game, table.game.seat_of(player.user_id))

    def execute_action(
        self,
        game_id: str,
        user_id: UUID,
        action: JSON,
        *,
        action_id: str | None = None,
        seq: int | None = None,
        sid: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
    ) -> Coroutine[Any, Any, Receipt]:
        """Play ``action``; once committed, ``on_commit`` is called, then all viewers are told.

        The same ``action_id`` from the same seat gets the first receipt again and plays nothing.
        ``sid`` is the connection that it came by, whose way is not the player's time.

        Raises:
            GameNotFound, NotInGame, GameNotStarted, GameOver, NotYourTurn, StaleSeq, OutOfTime:
                not now.
            IllegalAction, ForcedActionRequired, InvalidMessage, PayloadTooLarge: not this.
            EngineError: the engine failed on it; nothing was played.
            Unavailable: it may or may not have been played; resend it under its ``action_id``.
        """
        # No coroutine of its own, which would be one more on the way of every action.
        decide = partial(commands.play, action=action, seq=seq, sid=sid, keeper=self._keeper)
        return self._executor.execute(game_id, decide, user_id, action_id, on_commit)

    async def resign(
        self,
        game_id: str,
        user_id: UUID,
        *,
        action_id: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
    ) -> Receipt:
        """Give up: always allowed while the game is on. Idempotent by ``action_id``.

        Raises:
            GameNotFound, NotInGame, GameNotStarted, GameOver: there is nothing to resign.
            InvalidMessage, Unavailable: as for `execute_action`.
        """
        return await self._executor.execute(game_id, commands.resign, user_id, action_id, on_commit)

    async def claim(
        self,
        game_id: str,
        user_id: UUID,
        *,
        result: commands.ClaimResult = "win",
        action_id: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
    ) -> Receipt:
        """Claim a win, or a draw, over opponents who are gone. Idempotent by ``action_id``.

        Raises:
            GameNotFound, NotInGame, GameNotStarted, GameOver: there is nothing to claim.
            NotClaimable: somebody is there, or may still come back.
            InvalidMessage, Unavailable: as for `execute_action`; or who is there is not known.
        """
        gone: dict[UUID, Gone] = {}

        async def look(game: Game) -> None:
            gone.clear()
            if game.seat_of(user_id) is not None:
                gone.update(await self._absences.look(game))

        decide = partial(commands.claim, result=result, gone=gone)
        return await self._executor.execute(game_id, decide, user_id, action_id, on_commit, look)

    async def offer(
        self,
        game_id: str,
        user_id: UUID,
        kind: OfferKind,
        *,
        seconds: int | None = None,
        action_id: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
    ) -> Receipt:
        """Offer something to the other players, or accept it if it has been offered.

        Idempotent by ``action_id``. ``seconds`` is how much more time is asked for.

        Raises:
            GameNotFound, NotInGame, GameNotStarted, GameOver: it is not for this user now.
            OfferNotAllowed, OfferTooSoon, NoOffer: not this.
            PolicyNotAvailable, RateLimited: the house's bots cannot play the rematch.
            InvalidMessage, EngineError, Unavailable: as for `execute_action`.
        """
        if kind is OfferKind.REMATCH:
            game = (await self._executor.table(game_id)).game
            self._admit_bots(game_id, game.creator, game.players, game.rules)
        decide = partial(
            offer_commands.offer, kind=kind, seconds=seconds, new_game_id=self._new_game_id
        )
        return await self._executor.execute(
            game_id, self._after_outages(decide), user_id, action_id, on_commit
        )

    async def answer(
        self,
        game_id: str,
        user_id: UUID,
        kind: OfferKind,
        accept: bool,
        *,
        action_id: str | None = None,
        on_commit: OnDone[Receipt] = unheard,
    ) -> Receipt:
        """Accept or decline what another offers, or take back one's own offer by declining it.

        Idempotent by ``action_id``.

        Raises:
            GameNotFound, NotInGame, NoOffer: there is nothing for this user to answer.
            InvalidMessage, EngineError, Unavailable: as for `execute_action`.
        """
        decide = partial(
            offer_commands.answer, kind=kind, accept=accept, new_game_id=self._new_game_id
        )
        return await self._executor.execute(
            game_id, self._after_outages(decide), user_id, action_id, on_commit
        )

    async def abort(self, game_id: str, user_id: UUID) -> Receipt:
        """Call the game off before its first action, or at any time if only bots play it.

        Raises:
            GameNotFound, Forbidden, GameStarted, GameOver: it cannot be aborted.
        """
        decide = partial(commands.abort, user_id=user_id)
        return await self._executor.execute(game_id, decide, user_id)

    async def call_off(self, game_id: str) -> Receipt:
        """An admin ends the game at any time; whoever calls this has noted who and why.

        If its engine cannot fold or show it any more, only the log and the index say so: its
        viewers are not told here.

        Raises:
            GameNotFound, GameOver: there is nothing to end.
            Unavailable: as for `execute_action`.
        """
        try:
            return await self._executor.execute(game_id, commands.call_off, NOBODY)
        except (EngineError, EngineNotFound):
            entries = await unfolded.call_off(self._log, game_id, self._clock.now_ms())
        table = self._tables.peek(game_id)
        if table is not None:
            self._tables.doubt(table)
        if self._bus is not None:
            self._bus.publish(Appended(game_id, entries))
        return Receipt(game_id, entries[0].seq)

    # --- time ---------------------------------------------------------------------------------

    async def run_out(self, game_id: str) -> None:
        """Carry out what comes of a time that has run out; exactly once, whoever sees to it.

        Raises:
            StaleSeq: no time has run out.
            GameNotFound, EngineNotFound, EngineError: the game cannot be folded, or not go on.
            Unavailable: it may or may not have been done; try again.
        """

        def decide(game: Game, now: int, own: int | None, key: str | None) -> list[Step]:
            return timing.run_out(game, now, self._keeper.outages)

        await self._executor.execute(game_id, decide, NOBODY)

    async def pause_clocks(
        self, game_ids: Iterable[str] | None = None, *, seconds: float, reason: str = "restart"
    ) -> list[str]:
        """Stop the clocks for so many seconds from now on; gives the games that could not be.

        Without ``game_ids``, those of every game that has a viewer on this node. The viewers are
        told.
        """
        if game_ids is None:
            games = [table.game for table in self._tables if table.game.clock is not None]
            game_ids = [game.game_id for game in games if self._broadcaster.audience(game.game_id)]

        def decide(game: Game, now: int, own: int | None, key: str | None) -> list[Step]:
            return timing.pause(game, now, round(seconds * 1000), reason)

        wanted = list(game_ids)
        results = await asyncio.gather(
            *(
                self._executor.execute(game_id, self._after_outages(decide), NOBODY)
                for game_id in wanted
            ),
            return_exceptions=True,
        )
        failed = []
        for game_id, result in zip(wanted, results, strict=True):
            if isinstance(result, MeepleError):
                failed.append(game_id)
            elif isinstance(result, BaseException):
                raise result
        return failed

    def clocked(self, game_id: str) -> Game | None:
        """The game, if it is in memory, live and has clocks; waits for nothing."""
        table = self._tables.peek(game_id)
        if table is None or table.game.clock is None or table.game.status is not GameStatus.LIVE:
            return None
        return table.game

    # --- viewers ------------------------------------------------------------------------------

    async def seat_of(self, game_id: str, user_id: UUID) -> int:
        """The user's seat in the game.

        Raises:
            GameNotFound: there is no such game.
            NotInGame: the user has no seat.
        """
        return commands.seat_of((await self._executor.table(game_id)).game, user_id)

    async def has_seat(self, game_id: str, user_id: UUID) -> bool:
        """Whether the user has a seat in the game. Raises `GameNotFound`."""
        return (await self._executor.table(game_id)).game.seat_of(user_id) is not None

    async def check_exists(self, game_id: str) -> None:
        """Raises `GameNotFound` if there is no such game."""
        await self._executor.table(game_id)

    async def game(self, game_id: str) -> Game:
        """The game itself, secrets included: for other services. Raises `GameNotFound`."""
        return (await self._executor.table(game_id)).game

    async def position(self, game_id: str) -> tuple[Game, list[Entry]]:
        """The game and its whole log, secrets included: for the house's bots, and no viewer."""
        game = (await self._executor.table(game_id)).game
        return game, await self._log.read(game_id, limit=game.seq + 1)

    async def change_rules(self, rules: Rules) -> dict[str, MeepleError]:
        """See `Tables.change_rules`: for authors, while they write an engine."""
        return await self._tables.change_rules(rules)

    async def refresh(self, game_id: str) -> Game:
        """The game as the log has it now, whichever node played it: for the house's bots."""
        return await self._executor.refresh(game_id)

    # --- helpers ------------------------------------------------------------------------------

    def _after_outages(self, decide: Decide) -> Decide:
        """The command once the outages have been given back: it must not find them used up."""

        def decided(game: Game, now: int, seat: int | None, key: str | None) -> list[Step]:
            given = timing.give_back(game, now, self._keeper.outages)
            return [*given, *decide(given[-1].game if given else game, now, seat, key)]

        return decided

    def _admit_bots(
        self, game_id: str, creator: UUID, seating: Sequence[Player | None], rules: Rules
    ) -> None:
        if all(one is None or one.bot is None for one in seating):
            return
        if self._house is None:
            raise PolicyNotAvailable("this server has no bots of its own")
        self._house.admit(game_id, creator, seating, rules)

    def _check_shown(self, game: Game) -> None:
        """Raises `EngineError` if a game that is to start cannot be shown to all: it must not."""
        if game.status is not GameStatus.OPEN:
            for seat in (None, *range(len(game.players))):
                projection.current(game, seat, (), game.at)
