"""The test kit for engines: plays random games and says what to mend.

::

    from meeple.engine.conformance import assert_engine

    def test_my_engine() -> None:
        assert_engine(MyEngine())

It checks that an engine is deterministic, takes what it lists and refuses what it does not with
`IllegalAction`, changes no state that was handed in, says everything in JSON, always names somebody
who is to act, comes to an end, replays from its log, and shows nobody what is hidden (how far that
can be seen from outside is told in `meeple.engine.conformance.leak`).

What it cannot see: whether the rules are the right ones, an engine that loops within one call, and
a dependence on the hash seed or on the version of Python that does not show within one process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from meeple.engine.base import JSON
from meeple.engine.conformance.leak import Memory
from meeple.engine.conformance.play import play_game
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.report import Problem, Report
from meeple.engine.conformance.setting import BadDeclaration, choose_setting, label_of

__all__ = ["Problem", "Report", "assert_engine", "check_engine"]

METHODS = ("new_game", "to_act", "legal_actions", "apply", "view", "outcome")
#: Checks that may be left out: those that can be wrong about a good engine.
SKIPPABLE = frozenset({"leak_simultaneous", "leak_redeal", "leak_same_past"})
#: Games that a problem stopped, after which no more are played.
STOPPED_ENOUGH = 3


def check_engine(
    engine: Any,
    *,
    games: int = 50,
    seed: int | str = 0,
    seats: int | None = None,
    options: Mapping[str, JSON] | None = None,
    max_actions: int = 10_000,
    skip: Collection[str] = (),
) -> Report:
    """Play random games of an engine and report every kind of problem found.

    Args:
        engine: the engine, an instance.
        games: how many games to play.
        seed: what all chance follows from; the same seed plays the same games.
        seats: how many play; by chance, among the engine's ``seats``, if it is not given.
        options: the house rules; defaults and random valid values if they are not given.
        max_actions: a game that is longer than this counts as one that never ends.
        skip: checks to leave out, of "leak_simultaneous", "leak_redeal" and "leak_same_past".

    Raises:
        TypeError: ``engine`` is a class.
        ValueError: ``skip`` names something else.
    """
    if not SKIPPABLE.issuperset(skip):
        raise ValueError(f"only {', '.join(sorted(SKIPPABLE))} can be skipped")
    if isinstance(engine, type):
        raise TypeError(f"give check_engine an engine, not a class: {engine.__name__}()")
    probe = Probe(engine, skip)
    missing = [name for name in METHODS if not callable(getattr(engine, name, None))]
    for name in missing:
        probe.note("declaration", name, f"The engine has no method `{name}`.")
    memory = Memory(probe)
    played = actions = stopped = 0
    while not missing and played < games and stopped < STOPPED_ENOUGH:
        try:
            setting = choose_setting(engine, label_of(seed, played), seats, options)
        except BadDeclaration as error:
            probe.note("declaration", "setting", str(error))
            break
        played += 1
        try:
            actions += play_game(probe, setting, memory, max_actions)
        except GameStopped:
            # The problem is noted. Another game may show another one.
            stopped += 1
    return Report(type(engine).__name__, probe.problems, played, actions)


def assert_engine(engine: Any, **settings: Any) -> None:
    """`check_engine` for a test: raises AssertionError, with the report, if there is a problem."""
    __tracebackhide__ = True
    report = check_engine(engine, **settings)
    if not report.ok:
        raise AssertionError(str(report))
