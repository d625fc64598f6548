"""What each command comes to: pure functions from a game to the entries that it adds.

An entry that is returned has been folded, so it is known to be valid; it counts once the log has
it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from meeple.engine.base import JSON, Outcome
from meeple.engine.game import Game, Step, create, fold
from meeple.engine.log import Bot, Entry, EntryKind, GameStatus, Player, bot_user_id
from meeple.engine.rules import Rules
from meeple.engine.time_controls import TimeControl
from meeple.errors import (
    Forbidden,
    GameFull,
    GameNotStarted,
    GameOver,
    GameStarted,
    InvalidMessage,
    NotInGame,
    PayloadTooLarge,
    SeatTaken,
    StaleSeq,
)
from meeple.protocols import Gone
from meeple.services import claims, timing
from meeple.services.timekeeper import Timekeeper

#: What one who claims wants.
ClaimResult = Literal["win", "draw"]

#: How a game ended that an admin has called off.
CALLED_OFF = Outcome(winners=(), reason="aborted_by_admin")
#: An action longer than this, as JSON, is refused: it stays in the log for ever.
MAX_ACTION_BYTES = 8 * 1024


def make(
    game_id: str,
    rules: Rules,
    options: dict[str, JSON],
    seats: int,
    seed: bytes,
    *,
    creator: UUID,
    public: bool,
    at: int,
    time_control: TimeControl | None = None,
    claim_after: int | UnsetType | None = UNSET,
    chat: bool = True,
) -> Step:
    """A new table, with every seat empty.

    Raises:
        InvalidMessage: the engine does not play with so many seats, or the time after which one may
            claim over an opponent who is gone is out of bounds.
    """
    if seats not in rules.seats:
        few, many = rules.seats[0], rules.seats[-1]
        players = f"{few} to {many}" if few < many else f"{few}"
        raise InvalidMessage(
            f"seats: {rules.name} is for {players} player{'s' if many > 1 else ''}"
        )
    payload: dict[str, Any] = {
        "engine": rules.name,
        "options": options,
        "seats": seats,
        "seed": seed.hex(),
        "public": public,
        "creator": str(creator),
    }
    if time_control is not None:
        payload["time_control"] = msgspec.to_builtins(time_control)
    if claim_after is not UNSET:
        payload["claim_after"] = claims.check_setting(claim_after)
    if not chat:
        payload["chat"] = False
    entry = Entry(game_id, 0, EntryKind.CREATED, None, payload, None, at)
    return Step(entry, create(entry, lambda _: rules))


def sit(game: Game, player: Player, seat: int | None, at: int) -> list[Step]:
    """``player`` takes ``seat`` (None: the first that is free); a full table starts.

    Raises:
        SeatTaken, GameFull, GameOver: there is nothing to sit down on.
        InvalidMessage: the table has no such seat.
    """
    if game.status is GameStatus.OVER:
        raise GameOver
    free = [number for number, one in enumerate(game.players) if one is None]
    if not free:
        raise GameFull
    if seat is None:
        seat = free[0]
    elif not 0 <= seat < len(game.players):
        raise InvalidMessage(f"seat: the table has seats 0 to {len(game.players) - 1}")
    elif seat not in free:
        raise SeatTaken
    payload = msgspec.to_builtins(player)
    steps = [_step(game, EntryKind.SEATED, at, seat=seat, payload=payload)]
    if len(free) == 1:
        steps.append(_step(steps[-1].game, EntryKind.STARTED, at))
        _end_if_decided(steps, at)
    return steps


def play(
    game: Game,
    at: int,
    seat: int | None,
    action_id: str | None,
    *,
    action: JSON,
    seq: int | None = None,
    sid: str | None = None,
    keeper: Timekeeper | None = None,
) -> list[Step]:
    """``seat`` does ``action``; ``action_id`` as the log keeps it.

    In a game with clocks, the outages that ``keeper`` knows are given back first, and the action's
    way from the connection ``sid`` is forgiven.

    Raises:
        NotInGame, GameNotStarted, GameOver, NotYourTurn: it is not for this user to act now.
        StaleSeq: the game is not at ``seq``.
        OutOfTime: the seat's time has run out.
        IllegalAction, ForcedActionRequired: the rules forbid it.
        PayloadTooLarge, InvalidMessage: it cannot be kept in a log.
        EngineError: the engine failed on it.
    """
    if seat is None:
        raise NotInGame
    if seq is not None and seq != game.seq:
        raise StaleSeq(f"you named seq {seq}, the game is at {game.seq}")
    action = _as_logged(action)
    action = game.check_action(seat, action)
    payload = {"action": action}
    steps: list[Step] = []
    if game.clock is not None and keeper is not None:
        steps = timing.give_back(game, at, keeper.outages)
        game = steps[-1].game if steps else game
        payload |= timing.forgiven(game, at, seat, keeper.round_trip(sid))
    entry = game.entry(EntryKind.ACTION, at, seat, payload, action_id)
    steps.append(Step(entry, fold(game, entry)))
    _end_if_decided(steps, at)
    return steps


def resign(game: Game, at: int, seat: int | None, action_id: str | None) -> list[Step]:
    """``seat`` gives up; all the others win.

    Raises:
        NotInGame, GameNotStarted, GameOver: there is nothing to resign.
    """
    if seat is None:
        raise NotInGame
    if game.status is GameStatus.OVER:
        raise GameOver
    if game.status is GameStatus.OPEN:
        raise GameNotStarted("the game has not started; abort it instead")
    steps = [_step(game, EntryKind.RESIGNED, at, seat=seat, action_id=action_id)]
    others = tuple(one for one in range(len(game.players)) if one != seat)
    _end(steps, Outcome(winners=others, reason="resigned"), at)
    return steps


def claim(
    game: Game,
    at: int,
    seat: int | None,
    action_id: str | None,
    *,
    result: ClaimResult,
    gone: Mapping[UUID, Gone],
) -> list[Step]:
    """``seat`` claims a win or a draw over all the other people at the table, who are gone.

    Raises:
        NotInGame, GameNotStarted, GameOver: there is nothing to claim.
        NotClaimable: somebody is there, or may still come back.
    """
    if seat is None:
        raise NotInGame
    if game.status is GameStatus.OVER:
        raise GameOver
    if game.status is GameStatus.OPEN:
        raise GameNotStarted
    steps: list[Step] = []
    absent = claims.check(game, seat, gone, at)
    payload = {"by": seat, "result": result}
    for one in absent:
        now = steps[-1].game if steps else game
        name = None if steps else action_id  # of the first: a log has each name once
        steps.append(_step(now, EntryKind.ABANDONED, at, seat=one, payload=payload, action_id=name))
    if result == "win":
        others = tuple(one for one in range(len(game.players)) if one not in absent)
        _end(steps, Outcome(winners=others, reason="abandoned"), at)
    else:
        _end(steps, Outcome(winners=(), reason="draw_claimed"), at)
    return steps


def abort(
    game: Game, at: int, seat: int | None, action_id: str | None, *, user_id: UUID
) -> list[Step]:
    """A player, or who made the table, calls the game off before its first action.

    A game that only bots play is called off at any time.

    Raises:
        Forbidden: the user is neither.
        GameStarted: an action has been played.
        GameOver: it is over already.
    """
    if seat is None and user_id != game.creator:
        raise Forbidden("only a player or the one who made the table can abort it")
    if game.status is GameStatus.OVER:
        raise GameOver
    if game.actions and not game.bots_only:
        raise GameStarted
    steps = [_step(game, EntryKind.ABORTED, at, seat=seat, action_id=action_id)]
    _end(steps, Outcome(winners=(), reason="aborted"), at)
    return steps


def call_off(game: Game, at: int, seat: int | None, action_id: str | None) -> list[Step]:
    """An admin ends the game, whatever stands on the board; nobody wins.

    Raises:
        GameOver: it is over already.
    """
    if game.status is GameStatus.OVER:
        raise GameOver
    steps = [_step(game, EntryKind.ABORTED, at, payload={"by": "admin"})]
    _end(steps, CALLED_OFF, at)
    return steps


def seat_of(game: Game, user_id: UUID) -> int:
    """The user's seat; raises `NotInGame` if the user has none."""
    seat = game.seat_of(user_id)
    if seat is None:
        raise NotInGame
    return seat


def _step(game: Game, kind: EntryKind, at: int, **fields: Any) -> Step:
    entry = game.entry(kind, at, **fields)
    return Step(entry, fold(game, entry))


def _end_if_decided(steps: list[Step], at: int) -> None:
    outcome = steps[-1].game.verdict()
    if outcome is not None:
        _end(steps, outcome, at)


def _end(steps: list[Step], outcome: Outcome, at: int) -> None:
    payload = msgspec.to_builtins(outcome)
    steps.append(_step(steps[-1].game, EntryKind.ENDED, at, payload=payload))


def _as_logged(action: JSON) -> JSON:
    """``action`` as it will be read from the log: what is played now is what is folded later."""
    try:
        encoded = msgspec.json.encode(action)
        logged = msgspec.json.decode(encoded)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidMessage(f"action: {error}") from error
    if len(encoded) > MAX_ACTION_BYTES:
        raise PayloadTooLarge(
            f"an action may have {MAX_ACTION_BYTES} bytes, this has {len(encoded)}"
        )
    return logged


def seating(
    seats: int | Sequence[str | Bot | None] | None, rules: Rules, creator: Player
) -> list[Player | None]:
    """Who sits at a new table: one item a seat, None while it is empty.

    ``seats`` is their number, or a list with ``"me"`` for the creator, a `Bot` for a bot of the
    house's and null for an empty seat.

    Raises:
        InvalidMessage: the list names the creator twice, or somebody unknown.
    """
    if seats is None or isinstance(seats, int):
        return [creator, *(None,) * ((seats or rules.seats[0]) - 1)]
    if list(seats).count("me") > 1 or any(isinstance(one, str) and one != "me" for one in seats):
        raise InvalidMessage(
            'seats: a list holds null for an empty seat, {"bot": …} for a bot of the house\'s,'
            ' and "me" at most once'
        )
    return [
        _house_bot(seat, one) if isinstance(one, Bot) else creator if one == "me" else None
        for seat, one in enumerate(seats)
    ]


def _house_bot(seat: int, bot: Bot) -> Player:
    name = f"{bot.policy} bot" if bot.policy == "random" else f"{bot.policy} bot, level {bot.level}"
    return Player(bot_user_id(seat), name, bot)
