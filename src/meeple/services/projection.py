"""The one way out: everything that leaves for a viewer is made here.

State, game over, presence, replay and REST all come from this module, so that there is one place to
look at to know what a viewer may see. What a viewer may not see is not in the bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import JSON, Outcome
from meeple.engine.game import Game
from meeple.engine.log import Bot, Entry, EntryKind, GameStatus
from meeple.engine.offers import Offer
from meeple.engine.time_controls import ByoYomi, Delay, TimeControl
from meeple.errors import EngineError
from meeple.protocols import Gone, Message, Outage
from meeple.services import claims, timing

#: A message longer than this, as JSON, is the engine's error: every viewer would have to take it.
MAX_MESSAGE_BYTES = 256 * 1024

#: Nobody is gone.
NOBODY: Mapping[UUID, Gone] = MappingProxyType({})

_encode = msgspec.json.Encoder().encode


class GoneView(msgspec.Struct, frozen=True, gc=False):
    """A player who is gone from a live game.

    Attributes:
        since: from when on, in milliseconds since 1970.
        claimable_at: from when on the others may claim, unless the player comes back.
        closed: whether the player left on purpose; if not, the line broke.
    """

    since: int
    claimable_at: int
    closed: bool


class PlayerView(msgspec.Struct, frozen=True, gc=False):
    """One seat of a table, as everybody sees it; an empty seat has no user.

    ``bot`` is there if a bot of the house's sits in it, which is always online; ``gone`` while a
    player is not there whose absence the others may come to claim.
    """

    seat: int
    user_id: UUID | None
    name: str | None
    online: bool
    bot: Bot | UnsetType = UNSET
    gone: GoneView | UnsetType = UNSET


class Request(msgspec.Struct, frozen=True):
    """What a seat is asked to do.

    Attributes:
        kind: ``action``, or ``forced`` if nothing but this is allowed.
        forced: the engine's description of a forced action, else null.
        labels: each of the legal actions in words; left out if the engine has none.
    """

    kind: str
    forced: JSON = None
    labels: list[str] | UnsetType = UNSET


class ClockView(msgspec.Struct, frozen=True, gc=False):
    """The clocks of a game, as they are at the message's ``server_time``.

    Attributes:
        control: the time control.
        running: the seats on the clock.
        remaining: ms that each seat's clock shows: of its main time, or of its byo-yomi period.
        first_move: of ``running``, the seats whose first action is yet to come; until then their
            ``remaining`` stands.
        due_at: when the first of the seats on the clock runs out of time; null if none runs.
        paused_until: the clocks stand until then; left out if they do not.
        delay: ms until each seat's ``remaining`` starts to run; only with a simple delay.
        periods: byo-yomi periods that each seat has left, the present one included.
        in_period: whether each seat's ``remaining`` is that of a period.
    """

    control: TimeControl
    running: tuple[int, ...]
    remaining: tuple[int, ...]
    first_move: tuple[int, ...]
    due_at: int | None
    paused_until: int | UnsetType = UNSET
    delay: tuple[int, ...] | UnsetType = UNSET
    periods: tuple[int, ...] | UnsetType = UNSET
    in_period: tuple[bool, ...] | UnsetType = UNSET


class GameState(msgspec.Struct, frozen=True, gc=False):
    """``game:state``: a game as one viewer may see it.

    Attributes:
        seq: number of the log's entry that made this state.
        status: open, live or over.
        seat: the viewer's seat; null for a spectator.
        view: the engine's view; null before the start.
        to_act: the seats that may act now.
        legal_actions: what this seat may do; null if it is not to act or they are too many to list.
        request: what this seat is asked to do; null if nothing.
        clock: the clocks; null for a game without time control.
        outcome: how the game ended; null while it is on.
        server_time: milliseconds since 1970.
        offers: what players offer each other; left out if nothing.
        rematch: the id of the game that the players went on to; left out if there is none.
    """

    game_id: str
    seq: int
    engine: str
    status: GameStatus
    seat: int | None
    view: JSON
    to_act: tuple[int, ...]
    legal_actions: list[JSON] | None
    request: Request | None
    clock: ClockView | None
    players: tuple[PlayerView, ...]
    outcome: Outcome | None
    server_time: int
    offers: tuple[Offer, ...] | UnsetType = UNSET
    rematch: str | UnsetType = UNSET


class GameOverMessage(msgspec.Struct, frozen=True):
    """``game:over``: how a game ended; ``seq`` is that of its ``ended`` entry."""

    game_id: str
    seq: int
    outcome: Outcome


class GameRematch(msgspec.Struct, frozen=True):
    """``game:rematch``: the players go on in another game, where each has another seat."""

    game_id: str
    new_game_id: str


class ChatLine(msgspec.Struct, frozen=True):
    """``game:chat``: what somebody said at a table.

    Attributes:
        seat: the speaker's; null for a spectator.
        user_id, name: the speaker.
        at: milliseconds since 1970.
        room: ``players``, which only players hear, or ``spectators``.
    """

    game_id: str
    seat: int | None
    user_id: UUID
    name: str
    text: str
    at: int
    room: Literal["players", "spectators"]


class ChatHistory(msgspec.Struct, frozen=True):
    """``game:chats``: what was said at a table before, as far as the viewer may know it."""

    game_id: str
    lines: list[ChatLine]


class GamePresence(msgspec.Struct, frozen=True):
    """``game:presence``: who is at the table now."""

    game_id: str
    players: tuple[PlayerView, ...]


class GameWarning(msgspec.Struct, frozen=True):
    """``game:warning``: a seat has only ``remaining`` ms left, until ``due_at``."""

    game_id: str
    seat: int
    remaining: int
    due_at: int


class LogEntry(msgspec.Struct, frozen=True):
    """One entry of a game's log, as far as the viewer may see it.

    ``payload`` is null where it is hidden from the viewer until the game is over.
    """

    seq: int
    kind: EntryKind
    seat: int | None
    payload: dict[str, Any] | None
    action_id: str | None
    at: int


#: What `players` was made of, and what it made.
_Kept = tuple[Collection[UUID], Mapping[UUID, Gone], GameStatus, tuple[PlayerView, ...]]


def players(
    game: Game, online: Collection[UUID], gone: Mapping[UUID, Gone] = NOBODY
) -> tuple[PlayerView, ...]:
    """The seats of a table with their presence; made again only when one of them changes."""
    kept: _Kept | None = game.memo.get("players")
    # The same object first: comparing two sets of UUIDs is several calls into Python.
    if (
        kept is not None
        and (kept[0] is online or kept[0] == online)
        and (kept[1] is gone or kept[1] == gone)
        and kept[2] is game.status
    ):
        return kept[3]
    present = frozenset(online)
    made = tuple(_player(game, seat, present, gone) for seat in range(len(game.players)))
    as_given = online if isinstance(online, frozenset) else present
    game.memo["players"] = (as_given, gone, game.status, made)
    return made


def _player(
    game: Game, seat: int, present: Collection[UUID], gone: Mapping[UUID, Gone]
) -> PlayerView:
    one = game.players[seat]
    if one is None:
        return PlayerView(seat, None, None, False)
    if one.bot is not None:
        return PlayerView(seat, one.user_id, one.name, True, one.bot)
    here = one.user_id in present
    mark = None if here or game.status is not GameStatus.LIVE else gone.get(one.user_id)
    at = None if mark is None else claims.claimable_at(game, mark)
    if mark is None or at is None:
        return PlayerView(seat, one.user_id, one.name, here)
    away = GoneView(mark.since, at, mark.closed)
    return PlayerView(seat, one.user_id, one.name, here, gone=away)


def clock(game: Game, now: int, outages: Sequence[Outage] = ()) -> ClockView | None:
    """The clocks at ``now``, the outages given back, as everybody sees them; None without control.

    What may still be forgiven for the way over the net is not shown.
    """
    if game.clock is None:
        return None
    clocks = timing.with_outages(game.clock, outages)
    control, running = clocks.control, clocks.running
    shown = [clocks.shown(seat, now) for seat in range(len(clocks.seats))]
    paused = bool(running) and clocks.paused_until > now
    in_periods = isinstance(control, ByoYomi)
    return ClockView(
        control,
        running,
        tuple(one.remaining for one in shown),
        tuple(seat for seat in running if clocks.no_show(seat)),
        min((clocks.deadline(seat) or 0 for seat in running), default=None),
        clocks.paused_until if paused else UNSET,
        tuple(one.delay for one in shown) if isinstance(control, Delay) else UNSET,
        tuple(one.periods for one in shown) if in_periods else UNSET,
        tuple(one.in_period for one in shown) if in_periods else UNSET,
    )


def state(
    game: Game,
    seat: int | None,
    online: Collection[UUID],
    now: int,
    outages: Sequence[Outage] = (),
    gone: Mapping[UUID, Gone] = NOBODY,
) -> GameState:
    """A game as ``seat`` (None: a spectator) may see it at ``now``; ``outages`` as for `clock`.

    Raises:
        EngineError: the engine failed to show it.
    """
    return _state(game, seat, players(game, online, gone), now, clock(game, now, outages))


def _state(
    game: Game,
    seat: int | None,
    seats: tuple[PlayerView, ...],
    now: int,
    clocks: ClockView | None,
) -> GameState:
    legal, request = None, None
    if seat is not None and seat in game.to_act:
        legal = game.legal_actions(seat)
        request = _ACTION if game.rules.plain else _request(game, seat)
    return GameState(
        game.game_id,
        game.seq,
        game.rules.name,
        game.status,
        seat,
        game.view(seat),
        game.to_act,
        legal,
        request,
        clocks,
        seats,
        game.outcome,
        now,
        game.offers or UNSET,
        UNSET if game.rematch is None else game.rematch,
    )


_ACTION = Request("action")


def _request(game: Game, seat: int) -> Request:
    forced = game.forced(seat)
    labels = game.labels(seat)
    kind = "action" if forced is None else "forced"
    return Request(kind, forced, UNSET if labels is None else labels)


def messages(
    game: Game,
    entry: Entry,
    audience: Iterable[int | None],
    online: Collection[UUID],
    now: int,
    outages: Sequence[Outage] = (),
    gone: Mapping[UUID, Gone] = NOBODY,
) -> list[tuple[int | None, Message]]:
    """What each seat of ``audience`` is told of ``entry``, which made ``game``.

    It is one message an entry for everybody. Every viewer gets every seq, whether or not its view
    changed, so nothing leaks by its absence. The agreement on a rematch is followed by one more.

    Raises:
        EngineError: the engine failed to show it, or shows too much or what JSON cannot say.
    """
    if entry.kind is EntryKind.ENDED and game.outcome is not None:
        over = _message("game:over", GameOverMessage(game.game_id, game.seq, game.outcome))
        return [(seat, over) for seat in audience]
    seats = players(game, online, gone)
    clocks = None if game.clock is None else clock(game, now, outages)
    told = [
        (seat, _message("game:state", _state(game, seat, seats, now, clocks))) for seat in audience
    ]
    if game.rematch is not None:
        rematch = _message("game:rematch", GameRematch(game.game_id, game.rematch))
        told += [(seat, rematch) for seat, _ in told]
    return told


def current(
    game: Game,
    seat: int | None,
    online: Collection[UUID],
    now: int,
    outages: Sequence[Outage] = (),
    gone: Mapping[UUID, Gone] = NOBODY,
) -> Message:
    """The game as ``seat`` may see it, as a message; raises as `messages` does."""
    return _message("game:state", state(game, seat, online, now, outages, gone))


def warning(game_id: str, seat: int, now: int, due_at: int) -> Message:
    """That a seat's time runs out soon."""
    return _message("game:warning", GameWarning(game_id, seat, max(0, due_at - now), due_at))


def _message(event: str, payload: msgspec.Struct) -> Message:
    try:
        data = _encode((event, payload))
    except Exception as error:  # whatever stands in a view
        raise EngineError("what the engine shows cannot be written as JSON") from error
    if len(data) > MAX_MESSAGE_BYTES:
        raise EngineError(f"the engine shows {len(data)} bytes, more than {MAX_MESSAGE_BYTES}")
    return Message(event, payload, data)


def may_hear(game: Game, user_id: UUID, line: ChatLine) -> bool:
    """Whether the user may know what was said.

    Players are by themselves. What spectators say reaches no player while the game is on.
    """
    if line.user_id == user_id:
        return True
    seated = game.seat_of(user_id) is not None
    if line.room == "players":
        return seated
    return not seated or game.status is GameStatus.OVER


def chat(line: ChatLine) -> Message:
    """A line of a table's chat, for those who `may_hear` it."""
    return _message("game:chat", line)


def chats(game: Game, user_id: UUID, lines: Iterable[ChatLine]) -> Message:
    """What was said, for this user."""
    heard = [line for line in lines if may_hear(game, user_id, line)]
    return _message("game:chats", ChatHistory(game.game_id, heard))


def presence(game: Game, online: Collection[UUID], gone: Mapping[UUID, Gone] = NOBODY) -> Message:
    """Who is at the table, for everybody at it."""
    return _message("game:presence", GamePresence(game.game_id, players(game, online, gone)))


def log_entry(game: Game, entry: Entry, seat: int | None) -> LogEntry:
    """``entry`` as ``seat`` (None: a stranger) may see it, ``game`` being the game as it is now.

    The seed stays hidden for ever; the actions of others stay hidden until the game is over, unless
    its engine hides nothing.
    """
    payload: dict[str, Any] | None = entry.payload
    own = entry.seat == seat and seat is not None
    over = game.status is GameStatus.OVER
    if entry.kind is EntryKind.CREATED:
        payload = {key: value for key, value in entry.payload.items() if key != "seed"}
    elif entry.kind is EntryKind.ACTION and not (own or over or game.rules.perfect_information):
        payload = None
    action_id = client_action_id(entry) if own or over else None
    return LogEntry(entry.seq, entry.kind, entry.seat, payload, action_id, entry.at)


def whole_log_entry(entry: Entry) -> LogEntry:
    """``entry`` with all that the log keeps, the seed too: for an admin whose look was noted."""
    action_id = client_action_id(entry)
    return LogEntry(entry.seq, entry.kind, entry.seat, entry.payload, action_id, entry.at)


def log_action_id(seat: int, action_id: str) -> str:
    """The name under which the log keeps a client's ``action_id``.

    The seat is part of it: two players who both count from 1 must not answer for each other.
    """
    return f"{seat}:{action_id}"


def client_action_id(entry: Entry) -> str | None:
    """The ``action_id`` that the client gave, from the name that the log keeps."""
    return None if entry.action_id is None else entry.action_id.partition(":")[2]
