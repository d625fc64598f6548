"""What the players of a game ask of each other: a draw, an action back, another game, more time.

Pure, as all of the fold: plain functions from what is open, and an entry, to what is open then. At
most one offer of a kind is open, as a counter-offer accepts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from meeple.engine.log import Entry


class OfferKind(StrEnum):
    """What can be offered."""

    DRAW = "draw"
    TAKEBACK = "takeback"
    REMATCH = "rematch"
    MORE_TIME = "more_time"


#: How many own actions after an offer the same seat may offer the same again: against nagging. No
#: actions follow the end of a game, so a seat offers one rematch.
WAITS: Mapping[OfferKind, int] = {
    OfferKind.DRAW: 10,
    OfferKind.TAKEBACK: 3,
    OfferKind.REMATCH: 1,
    OfferKind.MORE_TIME: 3,
}


class Offer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An offer that is open; everybody at the table is shown it as it is.

    Attributes:
        kind: what is offered.
        seat: who offers it.
        since_seq: the seq of its entry.
        accepted: the seats that have accepted it, while others are still to answer.
        seconds: how much time is asked for.
    """

    kind: OfferKind
    seat: int
    since_seq: int
    accepted: tuple[int, ...] = ()
    seconds: int | UnsetType = UNSET


class Wait(msgspec.Struct, frozen=True, gc=False):
    """The own actions that ``seat`` has still to play until it may offer ``kind`` again."""

    kind: OfferKind
    seat: int
    actions: int


Offers = tuple[Offer, ...]
Waits = tuple[Wait, ...]


def find(offers: Offers, kind: OfferKind) -> Offer | None:
    """The open offer of that kind; None if there is none."""
    return next((offer for offer in offers if offer.kind is kind), None)


def wait(waits: Waits, kind: OfferKind, seat: int) -> int:
    """The own actions that the seat has to play until it may offer that; 0: it may now."""
    return next((one.actions for one in waits if one.kind is kind and one.seat == seat), 0)


def after_offer(offers: Offers, waits: Waits, entry: Entry) -> dict[str, Any]:
    """What an ``offered`` entry changes."""
    kind, seat = OfferKind(entry.payload["kind"]), entry.seat or 0
    offer = Offer(kind, seat, entry.seq, seconds=entry.payload.get("seconds", UNSET))
    return {
        "offers": (*without(offers, kind), offer),
        "waits": (*_no_wait(waits, kind, seat), Wait(kind, seat, WAITS[kind])),
    }


def after_answer(offers: Offers, entry: Entry) -> Offers:
    """What is open after an ``answered`` entry that settles nothing."""
    kind = OfferKind(entry.payload["kind"])
    if not entry.payload["accept"]:
        return without(offers, kind)
    return tuple(
        replace(one, accepted=(*one.accepted, entry.seat)) if one.kind is kind else one
        for one in offers
    )


def after_agreement(offers: Offers, waits: Waits, kind: OfferKind) -> dict[str, Any]:
    """What changes when everybody has accepted: who was granted something need not wait."""
    offer = find(offers, kind)
    waits = waits if offer is None else _no_wait(waits, kind, offer.seat)
    return {"offers": without(offers, kind), "waits": waits}


def after_action(waits: Waits, seat: int | None) -> dict[str, Any]:
    """What an action changes: no offer stays open, and the seat has one action less to wait."""
    left = (replace(one, actions=one.actions - 1) if one.seat == seat else one for one in waits)
    return {"offers": (), "waits": tuple(one for one in left if one.actions)}


def without(offers: Offers, kind: OfferKind) -> Offers:
    """The offers but the one of that kind."""
    return tuple(offer for offer in offers if offer.kind is not kind)


def _no_wait(waits: Waits, kind: OfferKind, seat: int) -> Waits:
    return tuple(one for one in waits if one.kind is not kind or one.seat != seat)
