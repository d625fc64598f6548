"""Checks that nobody is shown what is hidden.

A kit that knows no game cannot know what a seat *should* see. What it can do is build two games
that a viewer must not be able to tell apart, and compare what that viewer is sent, byte for byte:

- **Simultaneous actions.** While others of the same round are still to act, nothing of it is
  revealed: whichever action a seat chose, everybody else is sent the same.
- **Redeal.** An engine with a `redeal` method says itself what a seat cannot know
  (`meeple.engine.conformance.redeal`).
- **Same past.** Two games in which a seat was sent the same from the start differ for nobody who
  knows less: spectators see the same in both (any player can watch from a second window), and what
  the seat may do is the same (else `legal_actions` tells what the view hides).

So a view that shows a seat a secret of nobody's choosing, such as the deck, is found only through
`redeal`. An engine in which several seats are to act at once and see each other's actions at once
is not served by the first check, which then is to be skipped (``skip=["leak_simultaneous"]``).
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import NamedTuple

from meeple.engine.base import IllegalAction
from meeple.engine.conformance.position import Position, observe
from meeple.engine.conformance.probe import Probe
from meeple.engine.conformance.values import canonical, shown

#: How many of a seat's secret actions are compared at one position.
SAMPLE = 4


def check_simultaneous(probe: Probe, position: Position, seat: int, chance: Random) -> None:
    """What the others are sent does not depend on the seat's choice while the round is on."""
    others = [other for other in position.to_act if other != seat]
    listed = position.legal[seat]
    if not others or not listed or probe.perfect_information:
        return
    reached: list[tuple[bytes, Position]] = []
    for data in chance.sample(listed, min(SAMPLE, len(listed))):
        try:
            state = probe.apply(position.state, seat, data, probe.setting, probe.step + 1)
        except IllegalAction:
            continue  # noted by the check of the listed actions
        after = observe(probe, state)
        if not set(after.to_act).isdisjoint(others):  # else the round is over, and revealed
            reached.append((data, after))
    for data, after in reached[1:]:
        first_data, first = reached[0]
        told = _difference(first, after, without=seat)
        if told:
            message = (
                f"{told} tells whether seat {seat} chose {shown(first_data)} or {shown(data)},"
                f" though seats {list(after.to_act)} are still to act in the same round."
                " Show a simultaneous action only when everybody has acted."
            )
            probe.note("leak_simultaneous", told, message)


class Sight(NamedTuple):
    """What must be the same for all games that look the same to one seat."""

    legal: tuple[bytes, ...] | None
    forced: bytes
    spectator: bytes


class Memory:
    """What every seat was sent in every game so far, and what followed from it."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._seen: dict[bytes, Sight] = {}

    def begin(self) -> list[bytes]:
        """The past of every seat before a game starts: they know the table and its rules."""
        _, seats, options = self._probe.setting
        return [canonical([seats, options, seat]) for seat in range(seats)]

    def add(self, pasts: list[bytes], position: Position, actor: int | None, data: bytes) -> None:
        """Go one position on; ``actor`` has just done the action ``data``."""
        if self._probe.perfect_information:
            return
        for seat, past in enumerate(pasts):
            own = data if seat == actor else b""
            public = repr((position.to_act, position.outcome)).encode()
            pasts[seat] = key = _chain(past, own, public, position.views[seat])
            sight = Sight(
                position.legal.get(seat, ()), position.forced.get(seat, b""), position.views[None]
            )
            if sight != self._seen.setdefault(key, sight):
                self._tell(seat, self._seen[key], sight)

    def _tell(self, seat: int, first: Sight, second: Sight) -> None:
        # The other game may be an earlier one of this run, so one game alone may not show it again.
        start = f"In two of the games seat {seat} was sent the same from the start, and yet "
        for method, one, other in (
            ("legal_actions", first.legal, second.legal),
            ("forced", first.forced, second.forced),
        ):
            if one != other:
                message = f"{start}`{method}` differs: it tells what the view hides."
                self._probe.note("leak_same_past", method, message)
        if first.spectator != second.spectator:
            message = start + (
                "a spectator's view differs: a player who also watches learns a secret.\n"
                f"one:   {shown(first.spectator)}\nother: {shown(second.spectator)}"
            )
            self._probe.note("leak_same_past", "spectator", message)


def _difference(one: Position, other: Position, without: int) -> str | None:
    """What differs for anybody but one seat; None if nothing does."""
    if one.to_act != other.to_act:
        return "`to_act`"
    for viewer, view in one.views.items():
        if viewer != without and view != other.views[viewer]:
            return "a spectator's view" if viewer is None else "another seat's view"
    for seat, listed in one.legal.items():
        if seat != without and listed != other.legal[seat]:
            return "`legal_actions`"
        if seat != without and one.forced[seat] != other.forced[seat]:
            return "`forced`"
    return None


def _chain(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
