"""What an author of games may do that nobody else may: see everything, act for all, go back.

Only with ``--dev``. What a seat is shown here is what `services.projection` would send it; beside
that there is the log itself and the engine's state, with every secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from time import perf_counter

from msgspec import UNSET

from meeple.engine.base import JSON
from meeple.engine.game import Game
from meeple.engine.log import Entry
from meeple.engine.rules import Rules
from meeple.errors import (
    EngineError,
    EngineNotFound,
    GameNotFound,
    GameNotStarted,
    InvalidMessage,
    NotFound,
)
from meeple.protocols import Clock, GameLog
from meeple.services import projection
from meeple.services.branches import branch, practice_player
from meeple.services.dev_failures import DevFailure, DevFailures, failure_of
from meeple.services.dev_history import Histories, History
from meeple.services.dev_shown import DevEntry, DevGame, DevGames, DevInfo, DevPosition, DevView
from meeple.services.dev_state import raw_state
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.engine_reload import EngineReloader
from meeple.services.executor import Receipt
from meeple.services.game_service import GameService, new_game_id
from meeple.services.projection import GameState

#: Games of which it is remembered that their logs cannot be folded.
MOST_BROKEN = 100


class Dev:
    """Looks into games, acts for their seats and makes practice tables.

    Args:
        games: the tables.
        catalog: the engines on offer.
        log: where logs are read, and those of branches appended.
        clock: the server's time.
        time_limit: ends an engine that does not come back.
        failures: what engines raised.
        reloader: imports engines anew.
        anywhere: whether others than this machine's user may ask.
    """

    def __init__(
        self,
        games: GameService,
        catalog: EngineCatalog,
        log: GameLog,
        clock: Clock,
        *,
        time_limit: AbstractContextManager[None],
        failures: DevFailures,
        reloader: EngineReloader,
        anywhere: bool = False,
    ) -> None:
        self._games = games
        self._catalog = catalog
        self._log = log
        self._clock = clock
        self._time_limit = time_limit
        self._failures = failures
        self._reloader = reloader
        self._histories = Histories()
        #: Games whose logs could not be folded, and by which version of the engines.
        self._broken: dict[str, int] = {}
        self.anywhere = anywhere

    @property
    def version(self) -> int:
        """Grows whenever an engine was imported anew."""
        return self._reloader.version

    async def info(self, game_id: str | None = None) -> DevInfo:
        """What has happened; with the last seq of that game, if it is one."""
        seq = None
        if game_id is not None:
            try:
                seq = len((await self._history(game_id)).entries) - 1
            except (GameNotFound, EngineNotFound):
                seq = None  # `game` says why
        return DevInfo(
            self._reloader.version,
            self._reloader.engines,
            self._reloader.last,
            self._failures.latest(),
            seq,
        )

    async def latest(self) -> DevGames:
        """The games that were made last."""
        page = await self._log.list_games(public_only=False, limit=30)
        return DevGames(page.games)

    async def game(self, game_id: str, seq: int | None = None, after: int = -1) -> DevGame:
        """A game with all its secrets: its entries from ``after`` on, and its position at ``seq``.

        Raises:
            GameNotFound: there is no such game.
            EngineNotFound: there are no rules to fold it by.
        """
        history = await self._history(game_id)
        created = history.entries[0].payload
        last = len(history.steps) - 1
        at = last if seq is None else min(seq, last)
        return DevGame(
            game_id=game_id,
            engine=created["engine"],
            options=created["options"],
            seed=created["seed"],
            branch_of=created.get("branch_of"),
            seq=len(history.entries) - 1,
            folded=last,
            version=self._reloader.version,
            entries=[_entry(history, one) for one in history.entries[after + 1 :]],
            position=None if at < 0 else self._position(history.steps[at].game),
            failure=None if history.error is None else self._failure(history.error, "fold"),
            left=self._reloader.left(game_id),
        )

    async def act(self, game_id: str, seat: int, action: JSON, seq: int | None = None) -> Receipt:
        """Play ``action`` for whoever sits in that seat.

        Raises:
            InvalidMessage: the table has no such seat.
            GameNotStarted: nobody sits there yet.
            MeepleError: as `GameService.execute_action`.
        """
        players = (await self._games.game(game_id)).players
        if not 0 <= seat < len(players):
            raise InvalidMessage(f"seat: the table has seats 0 to {len(players) - 1}")
        player = players[seat]
        if player is None:
            raise GameNotStarted
        return await self._games.execute_action(game_id, player.user_id, action, seq=seq)

    async def branch(self, game_id: str, seq: int) -> GameState:
        """A practice table that begins as that game did, up to ``seq``, and then goes its own way.

        What ends a game is not left out, where it belongs to the entry of that seq. Empty seats get
        practice players, so the game is on.

        Raises:
            GameNotFound, EngineNotFound: there is no such game, or no rules for it.
            NotFound: its log has no such entry.
            EngineError: the rules, as they are now, cannot fold its log.
        """
        history = await self._history(game_id)
        if seq >= len(history.entries):
            raise NotFound(f"seq: the log ends with {len(history.entries) - 1}")
        seq = history.settled(seq)
        now = self._clock.now_ms()
        entries = branch(history.entries[: seq + 1], new_game_id(now), now)
        rules = self._catalog.rules(entries[0].payload["engine"])
        folded = History(rules)
        folded.extend(entries, self._time_limit)
        if folded.error is not None:
            raise folded.error
        made = folded.steps[-1].game
        due_at = UNSET if made.clock is None else made.clock.due_at()
        await self._log.append(made.game_id, 0, entries, row=made.row(), due_at=due_at)
        return await self._fill(made)

    async def create(
        self, engine: str, options: Mapping[str, JSON] | None, seats: int | None
    ) -> GameState:
        """A practice table with somebody in every seat.

        Raises:
            MeepleError: as `GameService.create_game`.
        """
        first = practice_player(0)
        made = await self._games.create_game(
            first, engine, options=options, seats=seats, public=False
        )
        return await self._fill(await self._games.game(made.game_id))

    async def _fill(self, game: Game) -> GameState:
        """Seat practice players in every empty seat."""
        for seat, player in enumerate(game.players):
            if player is None:
                await self._games.take_seat(game.game_id, practice_player(seat), seat)
        return await self._games.reader.game_state(game.game_id, None)

    async def _history(self, game_id: str) -> History:
        rules = await self._rules(game_id)
        known = self._histories.find(game_id, rules)
        if known is None:
            known = History(rules)
            self._histories.add(game_id, known)
        known.extend(await self._log.read(game_id, len(known.entries)), self._time_limit)
        return known

    async def _rules(self, game_id: str) -> Rules:
        """Those that the table plays by; if they cannot fold its log, those on offer."""
        version = self._reloader.version
        if self._broken.get(game_id) != version:
            try:
                return (await self._games.game(game_id)).rules
            except EngineError:
                # Not tried again until the rules change: a panel asks several times a second.
                self._broken[game_id] = version
                if len(self._broken) > MOST_BROKEN:
                    del self._broken[next(iter(self._broken))]
        [created] = await self._log.read(game_id, limit=1)
        return self._catalog.rules(created.payload["engine"])

    def _position(self, game: Game) -> DevPosition:
        seats = (*range(len(game.players)), None)
        state, text = raw_state(game, self._time_limit)
        return DevPosition(
            game.seq,
            game.status,
            game.to_act,
            game.outcome,
            [self._view(game, seat) for seat in seats],
            state,
            text,
        )

    def _view(self, game: Game, seat: int | None) -> DevView:
        online = [player.user_id for player in game.players if player is not None]
        started = perf_counter()
        state = failure = None
        try:
            with self._time_limit:
                shown = projection.current(game, seat, online, game.at)
            state = shown.payload
        except EngineError as error:
            failure = self._failure(error, "show")
        return DevView(seat, state, failure, _micros(perf_counter() - started))

    def _failure(self, error: BaseException, what: str) -> DevFailure:
        return failure_of(error, what, self._clock.now_ms())


def _entry(history: History, entry: Entry) -> DevEntry:
    took = history.micros[entry.seq] if entry.seq < len(history.micros) else None
    return DevEntry(
        entry.seq, entry.kind, entry.seat, entry.payload, entry.action_id, entry.at, took
    )


def _micros(seconds: float) -> float:
    return round(seconds * 1e6, 1)
