"""Checks of an engine that knows what becomes of a player whose time has run out."""

from __future__ import annotations

from random import Random

import msgspec

from meeple.engine.base import AutoMoves, IllegalAction, Outcome, TimeoutOutcome
from meeple.engine.conformance.legality import check_action_codec
from meeple.engine.conformance.position import Position
from meeple.engine.conformance.probe import Probe
from meeple.engine.conformance.values import shown


def check_absent(probe: Probe, position: Position, seat: int, chance: Random) -> None:
    """What is done for an absent player is legal, and the same by the same chance."""
    if isinstance(probe.engine, TimeoutOutcome):
        _check_timeout(probe, position, seat)
    if not isinstance(probe.engine, AutoMoves):
        return
    seed = chance.random()
    done, again = (_auto(probe, position, seat, seed) for _ in ("once", "again"))
    if done != again:
        message = "`auto_action` gives another action by the same chance. Draw it from its `rng`."
        probe.note("determinism", "auto_action", message)
        return
    check_action_codec(probe, done)
    listed = position.legal[seat]
    if listed is not None and done not in listed:
        message = f"`auto_action` gives {shown(done)}, which `legal_actions` does not list."
        probe.note("absent", "unlisted", message)
    try:
        probe.apply(position.state, seat, done, probe.setting, probe.step + 1)
    except IllegalAction as error:
        message = f"`auto_action` gives {shown(done)}, which `apply` refuses: {error}"
        probe.note("absent", "refused", message)


def _auto(probe: Probe, position: Position, seat: int, seed: float) -> bytes:
    action = probe.ask("auto_action", position.state, seat, Random(seed))
    return probe.encode(probe.encode_action(action), "an action")


def _check_timeout(probe: Probe, position: Position, seat: int) -> None:
    outcome, again = (probe.ask("timeout_outcome", position.state, seat) for _ in ("once", "again"))
    if outcome != again:
        message = "`timeout_outcome` is not the same for the same state."
        probe.note("determinism", "timeout_outcome", message)
    if outcome is None:
        return
    if not isinstance(outcome, Outcome):
        message = f"`timeout_outcome` gives {type(outcome).__name__}; give an Outcome or None."
        probe.note("absent", "outcome", message)
        return
    probe.encode(msgspec.to_builtins(outcome), "an outcome")
    if not set(outcome.winners) <= set(range(probe.setting.seats)):
        message = f"`timeout_outcome` names winners that do not play: {outcome.winners}."
        probe.note("absent", "winners", message)
