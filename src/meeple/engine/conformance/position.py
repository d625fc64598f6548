"""A state as the outside sees it: who may act, what is legal, every view, the outcome."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from meeple.engine.base import Outcome
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.values import sent, shown


class Position(NamedTuple):
    """All that Meeple would tell anybody about a state.

    Attributes:
        state: the engine's own state.
        to_act: the seats that may act, in order.
        legal: for each of these its legal actions as JSON; None if they are too many to list.
        forced: for each of these what it is told that it must do, byte for byte.
        views: what each viewer is sent, byte for byte; the key None is a spectator's.
        outcome: how the game ended; None while it is on.
        digest: equal for states that look the same to everybody.
    """

    state: Any
    to_act: tuple[int, ...]
    legal: dict[int, tuple[bytes, ...] | None]
    forced: dict[int, bytes]
    views: dict[int | None, bytes]
    outcome: Outcome | None
    digest: bytes


def observe(probe: Probe, state: Any) -> Position:
    """Look at a state from everywhere; what is not as it must be is noted."""
    seats = probe.setting.seats
    outcome = _outcome(probe, state)
    to_act = _to_act(probe, state, over=outcome is not None)
    legal = {seat: _legal(probe, state, seat) for seat in to_act}
    views: dict[int | None, bytes] = {}
    whole = blake2b(msgspec.json.encode([to_act, outcome]))
    for viewer in (*range(seats), None):
        view = probe.ask("view", state, viewer)
        name = "a spectator's view" if viewer is None else "a seat's view"
        whole.update(probe.encode(view, name))
        views[viewer] = sent(view)
    forced = {seat: _request(probe, state, seat, legal[seat]) for seat in to_act}
    for demand in forced.values():
        whole.update(demand)
    for actions in legal.values():
        whole.update(b"unlisted" if actions is None else b"[" + b",".join(actions) + b"]")
    if probe.perfect_information and len(set(views.values())) > 1:
        message = (
            "`perfect_information` is True, so one view serves everybody, but the views differ"
            " from viewer to viewer. Make them the same, or leave the attribute out."
        )
        probe.note("perfect_information", "view", message)
    return Position(state, to_act, legal, forced, views, outcome, whole.digest())


def portrait(position: Position) -> dict[str, str]:
    """What the position looks like, by the method that says it; for a report."""
    looks = {
        "`outcome`": repr(position.outcome),
        "`to_act`": repr(position.to_act),
    }
    for seat, listed in position.legal.items():
        shown = None if listed is None else b",".join(listed).decode()
        looks[f"`legal_actions` of seat {seat}"] = f"[{shown}]"
    for seat, demand in position.forced.items():
        looks[f"`forced` of seat {seat}"] = demand.decode()
    for viewer, view in position.views.items():
        who = "a spectator" if viewer is None else f"seat {viewer}"
        looks[f"`view` of {who}"] = view.decode()
    return looks


def _to_act(probe: Probe, state: Any, *, over: bool) -> tuple[int, ...]:
    answer = probe.ask("to_act", state)
    if not isinstance(answer, Collection) or isinstance(answer, str | bytes):
        probe.note("to_act", "type", f"`to_act` must give seats, such as [0]; it gave {answer!r}.")
        raise GameStopped
    seats = list(answer)
    valid = all(type(seat) is int and 0 <= seat < probe.setting.seats for seat in seats)
    if not valid or len(set(seats)) < len(seats):
        message = f"`to_act` must give each seat once, from 0; it gave {answer!r}."
        probe.note("to_act", "seats", message)
        raise GameStopped
    if not seats and not over:
        message = "`to_act` is empty and `outcome` is None: nobody can go on and the game hangs."
        probe.note("to_act", "empty", message)
        raise GameStopped
    if seats and over:
        message = f"`to_act` gives {seats} though `outcome` says the game is over. Give nobody."
        probe.note("to_act", "over", message)
    return () if over else tuple(sorted(seats))


def _legal(probe: Probe, state: Any, seat: int) -> tuple[bytes, ...] | None:
    actions = probe.ask("legal_actions", state, seat)
    if actions is None:
        return None
    if not isinstance(actions, Sequence) or isinstance(actions, str | bytes):
        kind = type(actions).__name__
        message = f"`legal_actions` must give a list (or None: too many to list), not a {kind}."
        probe.note("legality", "type", message)
        raise GameStopped
    encoded = tuple(probe.encode(probe.encode_action(action), "an action") for action in actions)
    if not encoded:
        message = "`legal_actions` is empty for a seat that is to act. Give it a way to go on."
        probe.note("legality", "empty", message)
        raise GameStopped
    if len(set(encoded)) < len(encoded):
        message = f"`legal_actions` lists an action twice: {list(actions)!r:.200}."
        probe.note("legality", "twice", message)
    return encoded


def _request(probe: Probe, state: Any, seat: int, legal: Sequence[bytes] | None) -> bytes:
    """What the seat is sent about its actions, besides their list."""
    told = b""
    if probe.has_forced_actions:
        told += probe.encode(probe.ask("forced", state, seat), "what `forced` gives")
    for data in (legal or ()) if probe.describes_actions else ():
        label = probe.ask("describe_action", state, seat, probe.decode_action(data))
        if not isinstance(label, str) or not label:
            message = f"`describe_action` must say {shown(data)} in words; it gave {label!r:.200}."
            probe.note("json", "describe_action", message)
            raise GameStopped
        told += probe.encode(label, "what `describe_action` gives")
    return told


def _outcome(probe: Probe, state: Any) -> Outcome | None:
    outcome = probe.ask("outcome", state)
    if outcome is None:
        return None
    if not isinstance(outcome, Outcome):
        message = f"`outcome` must give an Outcome or None; it gave {outcome!r:.200}."
        probe.note("outcome", "type", message)
        raise GameStopped
    seats = probe.setting.seats
    fault = _outcome_fault(outcome, seats)
    if fault:
        probe.note("outcome", fault, f"{fault}: {outcome!r:.300}.")
        raise GameStopped
    return outcome


def _outcome_fault(outcome: Outcome, seats: int) -> str | None:
    winners, scores = outcome.winners, outcome.scores
    if not isinstance(winners, tuple) or not all(
        type(seat) is int and 0 <= seat < seats for seat in winners
    ):
        return "`winners` must be a tuple of seats, from 0"
    if len(set(winners)) < len(winners):
        return "`winners` names a seat twice"
    if not isinstance(outcome.reason, str) or not outcome.reason:
        return "`reason` must be a word that says how the game ended"
    if scores is None:
        return None
    if not isinstance(scores, tuple) or len(scores) != seats:
        return "`scores` must be a tuple with a score for each seat"
    if not all(type(score) in (int, float) and math.isfinite(score) for score in scores):
        return "`scores` must be finite numbers"
    return None
