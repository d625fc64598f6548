"""A game as the fold of its log: ``game(n) = fold(game(n - 1), entry n)``.

Pure: what is here reads no clock and draws no chance but the game's own, so any node, at any time,
folds the same log to the same game. Playing is folding too: an entry is first folded, which is what
validates it, and then appended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from meeple.engine import takeback
from meeple.engine.base import JSON, Outcome
from meeple.engine.clocks import MAX_ABSENT, Clocks, new_clocks
from meeple.engine.log import Entry, EntryKind, GameRow, GameStatus, Player
from meeple.engine.offers import (
    OfferKind,
    Offers,
    Waits,
    after_action,
    after_agreement,
    after_answer,
    after_offer,
)
from meeple.engine.rng import GameRandom
from meeple.engine.rules import Rules
from meeple.engine.time_controls import time_control
from meeple.errors import (
    EngineError,
    ForcedActionRequired,
    GameNotStarted,
    GameOver,
    IllegalAction,
    MeepleError,
    NotYourTurn,
    OutOfTime,
)


class Game(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One game after one of its entries.

    Attributes:
        rules: its engine.
        options: its house rules, complete.
        seed: its secret seed; never leaves the server.
        creator: who made it.
        players: one item a seat; None while it is empty.
        state: the engine's state; None before the start.
        actions: how many actions have been played.
        seq, at: those of the entry folded last.
        to_act: the seats that may act.
        bots: the seats of house bots.
        clock: the clocks; None without time control.
        claim_after: seconds that a player whose line broke has to come back before the others may
            claim; None: there are no claims; UNSET: by the speed of the game.
        memo: what was computed of this position, by name; holds nothing that is not derived.
        offers: what players have offered each other, and is open.
        waits: who may not offer what again yet.
        rematch: the id of the game that the players went on to; None: none.
        past: the actions that stand, where they can be taken back; None once it is over.
        chat: whether the table has a chat.
    """

    game_id: str
    rules: Rules
    options: dict[str, JSON]
    seed: bytes
    creator: UUID
    public: bool
    created_at: int
    players: tuple[Player | None, ...]
    status: GameStatus = GameStatus.OPEN
    state: Any = None
    outcome: Outcome | None = None
    actions: int = 0
    seq: int = 0
    at: int = 0
    to_act: tuple[int, ...] = ()
    bots: tuple[int, ...] = ()
    clock: Clocks | None = None
    claim_after: int | UnsetType | None = UNSET
    memo: dict[Any, Any] = msgspec.field(default_factory=dict)
    offers: Offers = ()
    waits: Waits = ()
    rematch: str | None = None
    past: takeback.Past | None = None
    chat: bool = True

    @property
    def bots_only(self) -> bool:
        """Whether house bots have all the seats."""
        return len(self.bots) == len(self.players)

    def seat_of(self, user_id: UUID) -> int | None:
        """The user's seat; None if the user has none."""
        # By the numbers: comparing UUIDs is a call into Python, several times an action.
        number = user_id.int
        for seat, player in enumerate(self.players):
            if player is not None and player.user_id.int == number:
                return seat
        return None

    def legal_actions(self, seat: int) -> list[JSON] | None:
        """What the seat may do, as JSON; None if it may not act or the list would be too long."""
        if seat not in self.to_act:
            return None
        legal = self.memo.get(seat, self)
        if legal is self:  # nothing that could be a list
            legal = self.memo[seat] = self.rules.legal_actions(self.state, seat)
        return legal  # type: ignore[no-any-return]

    def view(self, seat: int | None) -> JSON:
        """What the seat, or a spectator, may see; None before the start."""
        if self.state is None:
            return None
        key = "view" if self.rules.perfect_information else ("view", seat)
        view = self.memo.get(key, self)
        if view is self:
            seat = None if self.rules.perfect_information else seat
            view = self.memo[key] = self.rules.view(self.state, seat)
        return view

    def forced(self, seat: int) -> JSON:
        """What the seat is forced to do now; None if nothing."""
        return self.rules.forced(self.state, seat) if seat in self.to_act else None

    def labels(self, seat: int) -> list[str] | None:
        """The seat's legal actions in words; None if the engine has no list or no words."""
        legal = self.legal_actions(seat)
        if legal is None:
            return None
        key = ("labels", seat)
        if key not in self.memo:
            self.memo[key] = self.rules.labels(self.state, seat, legal)
        return self.memo[key]  # type: ignore[no-any-return]

    def verdict(self) -> Outcome | None:
        """How the rules say that the game ended; None while somebody has to act.

        Raises:
            EngineError: the engine failed, or it names neither an outcome nor anybody to act.
        """
        if self.to_act:
            return None
        outcome = self.rules.outcome(self.state)
        if outcome is None:
            raise EngineError("the rules name neither an outcome nor anybody to act")
        return outcome

    def row(self) -> GameRow:
        """What lobby and archive know of the game."""
        return GameRow(
            game_id=self.game_id,
            engine=self.rules.name,
            options=self.options,
            status=self.status,
            public=self.public,
            players=self.players,
            created_at=self.created_at,
            updated_at=self.at,
            outcome=self.outcome,
            time_control=None if self.clock is None else self.clock.control,
        )

    def entry(
        self,
        kind: EntryKind,
        at: int,
        seat: int | None = None,
        payload: dict[str, Any] | None = None,
        action_id: str | None = None,
    ) -> Entry:
        """The next entry of this game; its time never runs backwards."""
        at = max(at, self.at)
        return Entry(self.game_id, self.seq + 1, kind, seat, payload or {}, action_id, at)

    def check_action(self, seat: int, action: JSON) -> JSON:
        """The action, by the word under which the log keeps it.

        Raises if the seat may not do it now, as far as that shows without playing it.

        Raises:
            GameNotStarted, GameOver, NotYourTurn: by the state of the table.
            IllegalAction: it is not among the legal actions.
            ForcedActionRequired: the same, while the seat is forced to do something else.
        """
        if self.status is GameStatus.OVER:
            raise GameOver
        if self.status is GameStatus.OPEN:
            raise GameNotStarted
        if seat not in self.to_act:
            raise NotYourTurn
        action = self.rules.listed_action(self.state, seat, action)
        legal = self.legal_actions(seat)
        if legal is None:
            return action
        try:
            self.rules.listed(action, legal)
        except IllegalAction:
            if self.forced(seat) is not None:
                raise ForcedActionRequired from None
            raise
        return action


class Step(msgspec.Struct, frozen=True, gc=False):
    """An entry and the game after it."""

    entry: Entry
    game: Game


def create(entry: Entry, rules_of: Callable[[str], Rules]) -> Game:
    """The game that a ``created`` entry makes; raises `EngineNotFound` by ``rules_of``."""
    payload = entry.payload
    control = time_control(payload.get("time_control"))
    return Game(
        game_id=entry.game_id,
        rules=rules_of(payload["engine"]),
        options=payload["options"],
        seed=bytes.fromhex(payload["seed"]),
        creator=UUID(payload["creator"]),
        public=payload["public"],
        created_at=entry.at,
        players=(None,) * payload["seats"],
        clock=None if control is None else new_clocks(control, payload["seats"]),
        claim_after=payload.get("claim_after", UNSET),
        seq=entry.seq,
        at=entry.at,
        chat=payload.get("chat", True),
    )


def fold(game: Game, entry: Entry) -> Game:
    """The game after ``entry``.

    Raises:
        IllegalAction: the engine refuses the action.
        EngineError: the engine failed on it, or the entry makes no sense.
    """
    if entry.seq != game.seq + 1:
        raise ValueError(f"entry {entry.seq} does not follow {game.seq} in {game.game_id}")
    try:
        return _FOLD[entry.kind](game, entry)
    except MeepleError:
        raise
    except Exception as error:
        raise EngineError from error


def fold_all(
    entries: Iterable[Entry], rules_of: Callable[[str], Rules], game: Game | None = None
) -> Iterator[Step]:
    """Every entry of a log with the game after it: from its first, or those that follow ``game``.

    Raises:
        EngineError: the engine failed on an entry, or refuses what was legal when it was logged.
    """
    for entry in entries:
        try:
            game = create(entry, rules_of) if game is None else fold(game, entry)
        except IllegalAction as error:
            raise EngineError("the rules refuse an action that is in the game's log") from error
        yield Step(entry, game)


def _after(game: Game, entry: Entry, **changes: Any) -> Game:
    # Nothing that was computed of the last position holds, but what is known of the same players.
    kept = None if "players" in changes else game.memo.get("players")
    memo = {} if kept is None else {"players": kept}
    if game.clock is not None and "to_act" in changes and "clock" not in changes:
        changes["clock"] = game.clock.turn(changes["to_act"], entry.at)
    return replace(game, seq=entry.seq, at=entry.at, memo=memo, **changes)


def _seated(game: Game, entry: Entry) -> Game:
    player = msgspec.convert(entry.payload, Player)
    players = tuple(player if n == entry.seat else one for n, one in enumerate(game.players))
    bots = tuple(n for n, one in enumerate(players) if one is not None and one.bot is not None)
    return _after(game, entry, players=players, bots=bots)


def _started(game: Game, entry: Entry) -> Game:
    rng = GameRandom(game.seed, entry.seq)
    state = game.rules.new_game(len(game.players), game.options, rng)
    to_act = game.rules.to_act(state, len(game.players))
    past = takeback.started(entry) if game.rules.takebacks else None
    return _after(game, entry, status=GameStatus.LIVE, state=state, to_act=to_act, past=past)


def _action(game: Game, entry: Entry) -> Game:
    rules = game.rules
    rng = GameRandom(game.seed, entry.seq)
    state = rules.apply(game.state, entry.seat or 0, entry.payload["action"], rng)
    to_act = rules.to_act(state, len(game.players))
    actions = game.actions + 1
    past = takeback.acted(game.past, entry, game.actions) if rules.takebacks else None
    if game.clock is None and not game.waits:
        return _after(game, entry, state=state, to_act=to_act, actions=actions, past=past)
    # Nobody has an offer open who need not wait.
    changes = after_action(game.waits, entry.seat) if game.waits else {}
    if game.clock is not None:
        changes["clock"] = _punched(game.clock, entry, to_act)
    return _after(game, entry, state=state, to_act=to_act, actions=actions, past=past, **changes)


def _punched(clock: Clocks, entry: Entry, to_act: tuple[int, ...]) -> Clocks:
    """The clocks after an action; raises `OutOfTime` if it came too late."""
    seat, lag = entry.seat or 0, entry.payload.get("lag", 0)
    absent = entry.payload.get("auto", False)
    if not absent and not clock.in_time(seat, entry.at, min(lag, clock.seats[seat].lag)):
        raise OutOfTime
    return clock.turn(to_act, entry.at, seat, lag, absent)


def _timed_out(game: Game, entry: Entry) -> Game:
    seat = entry.seat
    if game.clock is None or seat is None or seat not in game.clock.out(entry.at):
        raise ValueError(f"seat {seat} of {game.game_id} has time left")
    # If the engine acts in its place, that is the next entry.
    automatic = game.rules.acts_for_absent and game.clock.seats[seat].absent < MAX_ABSENT
    clock = game.clock.missed(seat)
    if automatic:
        return _after(game, entry, clock=clock)
    return _after(game, entry, to_act=(), clock=clock.turn((), entry.at))


def _paused(game: Game, entry: Entry) -> Game:
    if game.clock is None:
        raise ValueError(f"{game.game_id} has no clocks")
    clock = game.clock.paused(entry.payload["since"], entry.payload["until"])
    return _after(game, entry, clock=clock)


def _noted(game: Game, entry: Entry) -> Game:
    return _after(game, entry, to_act=(), offers=())


def _ended(game: Game, entry: Entry) -> Game:
    outcome = msgspec.convert(entry.payload, Outcome)
    # Nothing is taken back any more, and nobody waits: what is left to offer is a rematch.
    over = {"offers": (), "waits": (), "past": None, "to_act": ()}
    return _after(game, entry, status=GameStatus.OVER, outcome=outcome, **over)


def _offered(game: Game, entry: Entry) -> Game:
    return _after(game, entry, **after_offer(game.offers, game.waits, entry))


def _answered(game: Game, entry: Entry) -> Game:
    payload, kind = entry.payload, OfferKind(entry.payload["kind"])
    if not payload.get("settled", False):
        return _after(game, entry, offers=after_answer(game.offers, entry))
    changes = after_agreement(game.offers, game.waits, kind)
    if kind is OfferKind.DRAW:  # the end is the entry that follows
        changes["to_act"] = ()
    elif kind is OfferKind.MORE_TIME and game.clock is not None:
        changes["clock"] = _credited(game.clock, entry)
    elif kind is OfferKind.REMATCH:
        changes["rematch"] = payload["game_id"]
    elif kind is OfferKind.TAKEBACK:
        changes |= _taken_back(game, payload["actions"])
    return _after(game, entry, **changes)


def _credited(clock: Clocks, entry: Entry) -> Clocks:
    seat, ms = entry.payload["seat"], entry.payload["seconds"] * 1000
    if entry.payload.get("kept", False):
        return clock.credited(seat, ms, entry.at)
    return clock.credited_once(seat, ms)


def _taken_back(game: Game, actions: int) -> dict[str, Any]:
    rules, seats = game.rules, len(game.players)
    past = takeback.back(game.past, actions)
    state = takeback.replay(past, rules, seats, game.options, game.seed)
    to_act = rules.to_act(state, seats)
    left = game.actions - actions
    # What was offered was so in another position.
    return {"past": past, "state": state, "to_act": to_act, "actions": left, "offers": ()}


_FOLD: dict[EntryKind, Callable[[Game, Entry], Game]] = {
    EntryKind.SEATED: _seated,
    EntryKind.STARTED: _started,
    EntryKind.ACTION: _action,
    EntryKind.RESIGNED: _noted,
    EntryKind.TIMED_OUT: _timed_out,
    EntryKind.PAUSED: _paused,
    EntryKind.ABANDONED: _noted,
    EntryKind.ABORTED: _noted,
    EntryKind.ENDED: _ended,
    EntryKind.OFFERED: _offered,
    EntryKind.ANSWERED: _answered,
}
