"""When an opponent who is gone may be claimed over: pure rules, from the game and a mark.

A player who left on purpose has little time to come back; one whose line broke has more, and the
more the longer such games take.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET

from meeple.engine.game import Game
from meeple.engine.log import GameStatus
from meeple.engine.time_controls import (
    Bronstein,
    ByoYomi,
    Correspondence,
    Delay,
    Fischer,
    PerAction,
    TimeControl,
)
from meeple.errors import InvalidMessage, NotClaimable
from meeple.protocols import Gone

#: Seconds that one who left on purpose has to come back.
CLOSED_AFTER = 10
#: What a table may set for a line that broke, in seconds. Not less: after Redis was wiped, the
#: players of other nodes are missing until their nodes have renewed them.
LEAST_AFTER, MOST_AFTER = 20, 24 * 3600


class Speed(StrEnum):
    """How long a game takes, roughly."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


#: Seconds that one whose line broke has to come back.
LOST_AFTER = {Speed.FAST: 40, Speed.MEDIUM: 80, Speed.SLOW: 120}


#: The speeds by the seconds that a player may need for 40 actions: lichess's bounds of blitz and
#: rapid.
FAST_UNTIL, MEDIUM_UNTIL = 8 * 60, 25 * 60
ACTIONS = 40


def speed_of(game: Game) -> Speed | None:
    """How fast the game is; None for correspondence, where nobody need be there."""
    if game.clock is None:
        return Speed.SLOW  # nobody's time is limited
    seconds = _estimate(game.clock.control)
    if seconds is None:
        return None
    if seconds < FAST_UNTIL:
        return Speed.FAST
    return Speed.MEDIUM if seconds < MEDIUM_UNTIL else Speed.SLOW


def _estimate(control: TimeControl) -> int | None:
    match control:
        case PerAction():
            return ACTIONS * control.seconds
        case Fischer():
            return control.initial + ACTIONS * control.increment
        case Bronstein() | Delay():
            return control.initial + ACTIONS * control.delay
        case ByoYomi():
            return control.main + ACTIONS * control.period
        case Correspondence():
            return None


def claim_after(speed: Speed, closed: bool) -> int:
    """Seconds from a player's going until it can be claimed; ``closed``: it left on purpose."""
    return CLOSED_AFTER if closed else LOST_AFTER[speed]


def check_setting(seconds: int | None) -> int | None:
    """A table's setting as the log keeps it: seconds, or None for no claims.

    Raises:
        InvalidMessage: it is out of bounds.
    """
    if not seconds:
        return None
    if not LEAST_AFTER <= seconds <= MOST_AFTER:
        raise InvalidMessage(
            f"claim_after: {LEAST_AFTER} to {MOST_AFTER} seconds; 0 or null for no claims"
        )
    return seconds


def watched(game: Game) -> frozenset[UUID]:
    """The players whose going matters: people in a live game with claims, and not alone in it."""
    if game.status is not GameStatus.LIVE or wait(game, closed=True) is None:
        return frozenset()
    people = frozenset(one.user_id for one in game.players if one is not None and one.bot is None)
    return people if len(people) > 1 else frozenset()


def wait(game: Game, *, closed: bool) -> int | None:
    """Seconds from a player's going until the others may claim; None: there are no claims."""
    speed = speed_of(game)
    if speed is None or game.claim_after is None:
        return None
    if game.claim_after is UNSET or closed:
        return claim_after(speed, closed)
    return game.claim_after


def claimable_at(game: Game, gone: Gone) -> int | None:
    """From when on (ms) the others may claim over one who is gone; None: there are no claims."""
    seconds = wait(game, closed=gone.closed)
    return None if seconds is None else gone.since + seconds * 1000


def check(game: Game, seat: int, gone: Mapping[UUID, Gone], now: int) -> list[int]:
    """The seats over which ``seat`` may claim now: those of all the other people at the table.

    Raises:
        NotClaimable: one of them is there or may still come back, or there are no claims.
    """
    others = [
        (number, one)
        for number, one in enumerate(game.players)
        if number != seat and one is not None and one.user_id in watched(game)
    ]
    if not others:
        raise NotClaimable("there are no claims at this table")
    for _, player in others:
        mark = gone.get(player.user_id)
        if mark is None:
            raise NotClaimable(f"{player.name} is here")
        at = claimable_at(game, mark)
        if at is None or now < at:
            seconds = -(-((at or now) - now) // 1000)
            raise NotClaimable(
                f"{player.name} may still come back: claim in {seconds} s (claimable_at {at})"
            )
    return [number for number, _ in others]
