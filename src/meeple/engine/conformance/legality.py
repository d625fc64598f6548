"""Checks at one position: what is listed is taken, what is not is refused, codecs agree."""

from __future__ import annotations

from itertools import chain
from random import Random

import msgspec

from meeple.engine.base import IllegalAction
from meeple.engine.conformance.position import Position, observe
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.values import canonical, rubbish_for, shown

#: How many listed actions are tried at one position: each of them, where they are no more.
LISTED = 40
#: How many from elsewhere in the game are tried at one position, and of how many their likes.
SOME = 8


def check_actions(
    probe: Probe, position: Position, seat: int, elsewhere: dict[bytes, None], chance: Random
) -> None:
    """Try actions that are listed and values that are not."""
    setting, step = probe.setting, probe.step + 1
    listed = position.legal[seat]
    for data in _some(listed or (), LISTED, chance):
        try:
            probe.apply(position.state, seat, data, setting, step)
        except IllegalAction as error:
            message = (
                f"`apply` refuses {shown(data)}, which `legal_actions` lists: {error}\n"
                "Actions come as JSON: where you list (1, 2), [1, 2] comes back."
            )
            probe.note("legality", "refused", message)
            raise GameStopped from error
    from_elsewhere = _some(tuple(elsewhere), SOME, chance)
    for value in rubbish_for(listed or (), from_elsewhere, _some(listed or (), SOME, chance)):
        data = canonical(value)
        try:
            probe.apply(position.state, seat, data, setting, step)
        except IllegalAction:
            continue
        # An engine may know several words for one action.
        known = probe.listed_action(position.state, seat, data)
        if listed is not None and _reencoded(probe, known) not in listed:
            message = (
                f"`apply` takes {shown(data)}, which `legal_actions` does not list. Raise"
                " IllegalAction. (True equals 1 and 1.0 equals 1 in Python: ask for the type too.)"
            )
            probe.note("legality", "taken", message)
            return


def check_codecs(probe: Probe, position: Position) -> None:
    """What is encoded and decoded again is the same."""
    listed = chain.from_iterable(actions or () for actions in position.legal.values())
    for data in dict.fromkeys(listed):
        check_action_codec(probe, data)
    if not probe.has_state_codec:
        return
    written = probe.encode(
        probe.ask("encode_state", position.state), "an encoded state", for_clients=False
    )
    state = probe.ask("decode_state", msgspec.json.decode(written))
    again = probe.encode(probe.ask("encode_state", state), "an encoded state", for_clients=False)
    if again != written or observe(probe, state).digest != position.digest:
        message = "`decode_state` does not give back the state that `encode_state` wrote."
        probe.note("codec", "state", message)


def check_action_codec(probe: Probe, data: bytes) -> None:
    """An action that was encoded is the same when it is decoded and encoded again."""
    again = _reencoded(probe, data)
    if again != data:
        message = f"`decode_action`, then `encode_action` makes {shown(data)} {shown(again)}."
        probe.note("codec", "action", message)


def _reencoded(probe: Probe, data: bytes) -> bytes:
    return probe.encode(probe.encode_action(probe.decode_action(data)), "an action")


def _some(items: tuple[bytes, ...], most: int, chance: Random) -> tuple[bytes, ...]:
    return items if len(items) <= most else tuple(chance.sample(items, most))
