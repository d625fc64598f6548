"""Checks of an engine that says itself what a seat cannot know, by its method `redeal`.

Whatever `redeal` deals anew, the viewer must be sent the same, byte for byte. And a bot may think
about the redealt state in place of the true one, so that must be one to play on from, and must not
depend on what is hidden.
"""

from __future__ import annotations

from random import Random

from meeple.engine.base import ChoosesActions, IllegalAction, Redeals
from meeple.engine.conformance.legality import check_action_codec
from meeple.engine.conformance.position import Position, observe
from meeple.engine.conformance.probe import Probe
from meeple.engine.conformance.values import shown

#: How hard an engine's own bot may think when it is checked.
ITERATIONS = 4


def check_redeal(probe: Probe, position: Position, chance: Random) -> None:
    """A viewer is sent the same after everything that it cannot know was dealt anew."""
    if not isinstance(probe.engine, Redeals):
        return
    for viewer in position.views:
        seed = chance.random()
        state = probe.ask("redeal", position.state, viewer, Random(seed))
        if state is None:  # it cannot deal for this viewer
            continue
        other = observe(probe, state)
        probe.redealt |= other.digest != position.digest
        told = _told(position, other, viewer)
        who = "a spectator" if viewer is None else f"seat {viewer}"
        if told:
            message = (
                f"{told} is not the same for {who} after `redeal`, which says that {who} cannot"
                " tell the two states apart. Hide it, or mend `redeal`.\n"
                f"before: {shown(position.views[viewer])}\nafter:  {shown(other.views[viewer])}"
            )
            probe.note("leak_redeal", told, message)
            continue
        # Dealt by the same chance, from another of the states that the viewer cannot tell apart.
        again = probe.ask("redeal", state, viewer, Random(seed))
        if again is None or observe(probe, again).digest != other.digest:
            message = (
                f"`redeal` makes different states of two that {who} cannot tell apart, by the same"
                " `rng`: what is hidden shows in the deal. Sort it before you shuffle it."
            )
            probe.note("redeal", "rng", message)
        _play_on(probe, other, chance)


def check_bot(probe: Probe, position: Position, seat: int, chance: Random) -> None:
    """The engine's own bot does what is legal, and knows no more than its seat."""
    if not isinstance(probe.engine, ChoosesActions):
        return
    seed = chance.random()
    chosen = _chosen(probe, position, seat, seed)
    if _chosen(probe, position, seat, seed) != chosen:
        message = "`choose_action` gives another action by the same chance. Draw from its `rng`."
        probe.note("determinism", "choose_action", message)
        return
    check_action_codec(probe, chosen)
    try:
        probe.apply(position.state, seat, chosen, probe.setting, probe.step + 1)
    except IllegalAction as error:
        message = f"`choose_action` gives {shown(chosen)}, which `apply` refuses: {error}"
        probe.note("bot", "refused", message)
    if not isinstance(probe.engine, Redeals):
        return
    state = probe.ask("redeal", position.state, seat, Random(chance.random()))
    if state is None:
        return
    other = _chosen(probe, position._replace(state=state), seat, seed)
    if other != chosen:
        message = (
            f"`choose_action` gives {shown(chosen)} or {shown(other)} by what seat {seat} cannot"
            " know. Let it think about `redeal(state, seat, rng)` in place of the state."
        )
        probe.note("leak_bot", "choose_action", message)


def _chosen(probe: Probe, position: Position, seat: int, seed: float) -> bytes:
    action = probe.ask("choose_action", position.state, seat, ITERATIONS, Random(seed))
    return probe.encode(probe.encode_action(action), "an action")


def _told(position: Position, other: Position, viewer: int | None) -> str | None:
    """What differs for the viewer; None if nothing does."""
    if viewer is not None and viewer in position.to_act:
        if other.legal.get(viewer) != position.legal[viewer]:
            return "`legal_actions`"
        if other.forced.get(viewer) != position.forced[viewer]:
            return "`forced`"
    if other.views[viewer] != position.views[viewer]:
        return "`view`"
    if (other.to_act, other.outcome) != (position.to_act, position.outcome):
        return "`to_act` or `outcome`"
    return None


def _play_on(probe: Probe, dealt: Position, chance: Random) -> None:
    for seat, listed in dealt.legal.items():
        if listed is None:
            continue
        data = chance.choice(listed)
        try:
            observe(probe, probe.apply(dealt.state, seat, data, probe.setting, probe.step + 1))
        except IllegalAction as error:
            message = f"After `redeal`, `apply` refuses {shown(data)}, which is listed: {error}"
            probe.note("redeal", "refused", message)
