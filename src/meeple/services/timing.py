"""What time does to a game: pure functions to the entries that it adds, as in `commands`.

A seat's time runs out, an outage is given back, and the clocks stand still for a restart.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meeple.engine.base import Outcome
from meeple.engine.clocks import Clocks
from meeple.engine.game import Game, Step, fold
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.rng import GameRandom
from meeple.errors import StaleSeq
from meeple.protocols import Outage

#: Ms that players have to come back after an outage, before the clocks run again.
COMING_BACK = 10_000


def with_outages(clock: Clocks, outages: Sequence[Outage]) -> Clocks:
    """The clocks once the outages have been given back."""
    for outage in _new(clock, outages):
        clock = clock.paused(outage.since, outage.until + COMING_BACK)
    return clock


def _new(clock: Clocks, outages: Sequence[Outage]) -> list[Outage]:
    """The outages in which a clock seems to have run: none of those that were given back.

    A clock that was given an outage runs from after its end.
    """
    if not outages:
        return []
    since = min((one.since for one in clock.seats if one.since is not None), default=None)
    return [] if since is None else [outage for outage in outages if outage.until > since]


def give_back(game: Game, at: int, outages: Sequence[Outage]) -> list[Step]:
    """A pause for each outage that a clock of the game was running in."""
    steps: list[Step] = []
    if game.clock is None or game.status is not GameStatus.LIVE:
        return steps
    for outage in _new(game.clock, outages):
        until = outage.until + COMING_BACK
        steps.append(_pause(steps[-1].game if steps else game, at, outage.since, until, "downtime"))
    return steps


def forgiven(game: Game, at: int, seat: int, round_trip: int) -> dict[str, int]:
    """What an action's payload says of its way over the net; nothing if nothing is forgiven."""
    lag = 0 if game.clock is None else game.clock.forgiven(seat, max(at, game.at), round_trip)
    return {"lag": lag} if lag else {}


def pause(game: Game, at: int, ms: int, reason: str) -> list[Step]:
    """The clocks stand still for so many ms from now on; nothing if none runs."""
    if game.clock is None or not game.clock.running:
        return []
    at = max(at, game.at)
    return [_pause(game, at, at, at + ms, reason)]


def _pause(game: Game, at: int, since: int, until: int, reason: str) -> Step:
    payload = {"since": since, "until": until, "reason": reason}
    entry = game.entry(EntryKind.PAUSED, at, None, payload)
    return Step(entry, fold(game, entry))


def run_out(game: Game, at: int, outages: Sequence[Outage]) -> list[Step]:
    """What comes of the time that has run out: outages are given back, and then it is looked.

    Raises:
        StaleSeq: no time has run out.
        EngineError: the engine failed on it.
    """
    steps = give_back(game, at, outages)
    while True:
        game = steps[-1].game if steps else game
        at = max(at, game.at)
        clock = game.clock
        out = clock.out(at) if clock is not None and game.status is GameStatus.LIVE else ()
        if clock is None or not out:
            break
        steps += _run_out(game, clock, out, at)
    if not steps:
        raise StaleSeq("nobody's time has run out")
    return steps


def _run_out(game: Game, clock: Clocks, out: tuple[int, ...], at: int) -> list[Step]:
    """For the first of the seats that are ``out``: it never came, is acted for, or loses."""
    seat = min(out, key=lambda one: clock.deadline(one) or 0)
    if clock.no_show(seat):
        steps = _add([], game, EntryKind.ABORTED, at, seat)
        return _end(steps, Outcome(winners=(), reason="no_show"), at)
    steps = _add([], game, EntryKind.TIMED_OUT, at, seat)
    after = steps[-1].game
    if after.to_act:
        rng = GameRandom(after.seed, after.seq)
        action = after.rules.auto_action(after.state, seat, rng)
        payload = {"action": action, "auto": True}
        steps = _add(steps, after, EntryKind.ACTION, at, seat, payload)
        verdict = steps[-1].game.verdict()
        return steps if verdict is None else _end(steps, verdict, at)
    outcome = game.rules.timeout_outcome(game.state, seat) if len(out) == 1 else None
    if outcome is None:
        winners = tuple(one for one in range(len(game.players)) if one not in out)
        outcome = Outcome(winners=winners, reason="timeout")
    return _end(steps, outcome, at)


def _add(
    steps: list[Step],
    game: Game,
    kind: EntryKind,
    at: int,
    seat: int | None,
    payload: dict[str, object] | None = None,
) -> list[Step]:
    entry = game.entry(kind, at, seat, payload)
    return [*steps, Step(entry, fold(game, entry))]


def _end(steps: list[Step], outcome: Outcome, at: int) -> list[Step]:
    payload = msgspec.to_builtins(outcome)
    return _add(steps, steps[-1].game, EntryKind.ENDED, at, None, payload)
