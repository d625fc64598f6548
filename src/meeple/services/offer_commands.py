"""What an offer and an answer come to: pure functions, as those of `commands`.

Who must answer are the people at the table but the one who offers. The house's bots are not asked:
they grant everything but a draw, which is not offered where one of them sits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from meeple.engine import takeback
from meeple.engine.base import Outcome
from meeple.engine.game import Game, Step, fold
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.offers import Offer, OfferKind, find, wait
from meeple.errors import (
    GameNotStarted,
    GameOver,
    InvalidMessage,
    NoOffer,
    NotInGame,
    OfferNotAllowed,
    OfferTooSoon,
)

#: Seconds that are asked for if the client does not say how many.
SECONDS = 15
#: How a game ended that the players agreed to be a draw.
DRAW_AGREED = Outcome(winners=(), reason="draw_agreed")

NewGameId = Callable[[int], str]


def offer(
    game: Game,
    at: int,
    seat: int | None,
    action_id: str | None,
    *,
    kind: OfferKind,
    new_game_id: NewGameId,
    seconds: int | None = None,
) -> list[Step]:
    """``seat`` offers something; if another one has offered the same, this accepts it.

    Args:
        game: the game.
        at: the time in ms.
        seat: who offers; None if the user has no seat.
        action_id: as the log keeps it.
        kind: what is offered.
        new_game_id: makes the id of a rematch from the time in ms.
        seconds: how much time is asked for.

    Raises:
        NotInGame, GameNotStarted, GameOver: it is not for this user to offer anything now.
        OfferNotAllowed: this cannot be offered here, or not now.
        OfferTooSoon: the seat has offered it lately.
        InvalidMessage: no time is asked for, and ``seconds`` are given.
        NoOffer: the seat has accepted the same, and others are still to answer.
        EngineError: the engine failed to go back.
    """
    if seat is None:
        raise NotInGame
    if seconds is not None and kind is not OfferKind.MORE_TIME:
        raise InvalidMessage("seconds: they go with more_time only")
    other = find(game.offers, kind)
    if other is not None and other.seat != seat:
        return answer(game, at, seat, action_id, kind=kind, accept=True, new_game_id=new_game_id)
    _check(game, kind, seat)
    actions = wait(game.waits, kind, seat)
    if actions:
        raise OfferTooSoon(_too_soon(kind, actions))
    payload: dict[str, Any] = {"kind": kind.value}
    if kind is OfferKind.MORE_TIME:
        payload["seconds"] = SECONDS if seconds is None else seconds
    steps = [_step(game, EntryKind.OFFERED, at, seat, payload, action_id)]
    made = steps[0].game.offers[-1]
    if not _to_answer(game, made):
        # Nobody is to be asked: a bot answers at once, and who plays alone answers for all.
        by = game.bots[0] if game.bots else seat
        steps += _agree(steps[0].game, at, by, None, made, new_game_id)
    return steps


def answer(
    game: Game,
    at: int,
    seat: int | None,
    action_id: str | None,
    *,
    kind: OfferKind,
    accept: bool,
    new_game_id: NewGameId,
) -> list[Step]:
    """``seat`` accepts or declines an open offer, or takes its own back by declining it.

    What was offered happens when everybody has accepted, and the entry that says so is
    ``settled``.

    Raises:
        NotInGame: the user has no seat.
        NoOffer: there is no such offer, or nothing to answer to it.
        EngineError: the engine failed to go back.
    """
    if seat is None:
        raise NotInGame
    offer = find(game.offers, kind)
    if offer is None:
        raise NoOffer
    if not accept:
        payload = {"kind": kind.value, "accept": False}
        return [_step(game, EntryKind.ANSWERED, at, seat, payload, action_id)]
    if seat == offer.seat or seat in offer.accepted:
        raise NoOffer("it is for the others to answer now")
    if _to_answer(game, offer) - {seat}:
        payload = {"kind": kind.value, "accept": True}
        return [_step(game, EntryKind.ANSWERED, at, seat, payload, action_id)]
    return _agree(game, at, seat, action_id, offer, new_game_id)


def _check(game: Game, kind: OfferKind, seat: int) -> None:
    """Raises unless such an offer makes sense in this game at this moment."""
    if kind is OfferKind.REMATCH:
        if game.status is not GameStatus.OVER or game.state is None:
            raise OfferNotAllowed("a rematch is offered when a game has been played and is over")
        if game.rematch is not None:
            raise OfferNotAllowed("the rematch is on already")
        return
    if game.status is GameStatus.OVER:
        raise GameOver
    if game.status is GameStatus.OPEN:
        raise GameNotStarted
    if kind is OfferKind.DRAW:
        if game.bots:
            raise OfferNotAllowed("the house's bots do not agree to a draw")
        if len(game.players) == 1 or not game.rules.draw_offers(game.options):
            raise OfferNotAllowed("in this game no draw can be agreed")
    elif kind is OfferKind.TAKEBACK:
        if not game.rules.takebacks:
            raise OfferNotAllowed("in this game nothing is taken back")
        if takeback.distance(game.past, seat) is None:
            raise OfferNotAllowed("you have no action that could be taken back")
    elif game.clock is None:
        raise OfferNotAllowed("this game has no clock")


def _to_answer(game: Game, offer: Offer) -> set[int]:
    """The seats whose answer is still missing."""
    seats = range(len(game.players))
    return set(seats) - {offer.seat} - set(game.bots) - set(offer.accepted)


def _agree(
    game: Game,
    at: int,
    seat: int,
    action_id: str | None,
    offer: Offer,
    new_game_id: NewGameId,
) -> list[Step]:
    """``seat`` accepts as the last one: the entry says all that follows from it."""
    payload: dict[str, Any] = {"kind": offer.kind.value, "accept": True, "settled": True}
    if offer.kind is OfferKind.TAKEBACK:
        payload["actions"] = takeback.distance(game.past, offer.seat)
    elif offer.kind is OfferKind.REMATCH:
        payload["game_id"] = new_game_id(at)
    elif offer.kind is OfferKind.MORE_TIME:
        payload["seat"] = offer.seat
        payload["seconds"] = SECONDS if offer.seconds is UNSET else offer.seconds
        payload["kept"] = True  # what it means for a clock that stands: see `Clocks.credited`
    steps = [_step(game, EntryKind.ANSWERED, at, seat, payload, action_id)]
    if offer.kind is OfferKind.DRAW:
        ended = msgspec.to_builtins(DRAW_AGREED)
        steps.append(_step(steps[0].game, EntryKind.ENDED, at, None, ended, None))
    return steps


def _step(
    game: Game,
    kind: EntryKind,
    at: int,
    seat: int | None,
    payload: dict[str, Any],
    action_id: str | None,
) -> Step:
    entry = game.entry(kind, at, seat, payload, action_id)
    return Step(entry, fold(game, entry))


def _too_soon(kind: OfferKind, actions: int) -> str:
    if kind is OfferKind.REMATCH:
        return "you have offered a rematch; now it is for the others to offer one"
    more = "one more action" if actions == 1 else f"{actions} more actions"
    return f"you have offered that lately; play {more} first"
