"""The test kit for engines: plays random games and says what to mend.

::

    from meeple.engine.conformance import assert_engine

    def test_my_engine() -> None:
        assert_engine(MyEngine())

It checks that an engine is deterministic, here and in other processes, takes what it lists and
refuses what it does not with `IllegalAction`, changes no state that was handed in, says everything
in JSON, always names somebody who is to act, comes to an end, is the same again when its log is
folded, and shows nobody what is hidden (how far that can be seen from outside is told in
`meeple.engine.conformance.leak`).

What it cannot see: whether the rules are the right ones, a loop in a library that is not written in
Python, and a dependence on the machine or on the version of Python.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from meeple.engine.base import JSON, Redeals
from meeple.engine.conformance.leak import Memory
from meeple.engine.conformance.play import play_game
from meeple.engine.conformance.probe import GameStopped, Probe
from meeple.engine.conformance.processes import Unreachable, check_processes, packed
from meeple.engine.conformance.replay import Record
from meeple.engine.conformance.report import Problem, Report
from meeple.engine.conformance.setting import Setting
from meeple.engine.time_limit import TimeLimit

__all__ = ["Problem", "Report", "assert_engine", "check_engine"]

METHODS = ("new_game", "to_act", "legal_actions", "apply", "view", "outcome")
#: Checks that may be left out: those that can be wrong about a good engine.
SKIPPABLE = frozenset({"leak_simultaneous", "leak_redeal", "leak_same_past", "leak_bot", "redeal"})
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
    max_seconds: float = 10,
    hash_seeds: Sequence[int] = (1, 2, 3),
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
        max_seconds: a call of the engine that takes longer counts as one that never comes back;
            ``math.inf`` lets you stop in a debugger.
        hash_seeds: the games are played again in a process for each of these PYTHONHASHSEEDs.
        skip: checks to leave out, of "leak_simultaneous", "leak_redeal", "leak_same_past",
            "leak_bot" and "redeal".

    Raises:
        TypeError: ``engine`` is a class.
        ValueError: ``skip`` names something else.
    """
    # Not at the top: it loads hypothesis, which the other processes can do without.
    from meeple.engine.conformance.games import BadDeclaration, play_all, settings_of

    if not SKIPPABLE.issuperset(skip):
        raise ValueError(f"only {', '.join(sorted(SKIPPABLE))} can be skipped")
    if isinstance(engine, type):
        raise TypeError(f"give check_engine an engine, not a class: {engine.__name__}()")
    time_limit = TimeLimit(max_seconds)
    with time_limit.watching():
        probe = Probe(engine, skip, time_limit)
        check = _Check(probe, max_actions)
        missing = [name for name in METHODS if not callable(getattr(engine, name, None))]
        for name in missing:
            probe.note("declaration", name, f"The engine has no method `{name}`.")
        if missing:
            return check.report()
        # As it is before it played: what it keeps may not matter.
        copy = check.packed() if hash_seeds else None
        try:
            first, others = settings_of(engine, seed, seats, options)
        except BadDeclaration as error:
            probe.note("declaration", "setting", str(error))
            return check.report()
        play_all(check.play, first, others, games=games, seed=seed)
        if copy is not None:
            check.play_elsewhere(copy, hash_seeds)
        return check.report()


def assert_engine(engine: Any, **settings: Any) -> None:
    """`check_engine` for a test: raises AssertionError, with the report, if there is a problem."""
    __tracebackhide__ = True
    report = check_engine(engine, **settings)
    if not report.ok:
        raise AssertionError(str(report))


class _Check:
    """The games of one check."""

    def __init__(self, probe: Probe, max_actions: int) -> None:
        self._probe = probe
        self._max_actions = max_actions
        self._memory = Memory(probe)
        self._records: list[Record] = []
        self._stopped = 0
        self._unchecked: list[str] = []

    def play(self, setting: Setting) -> None:
        """Play one more game, unless enough of them got stuck."""
        if self._stopped == STOPPED_ENOUGH:
            return
        try:
            record = play_game(self._probe, setting, self._memory, self._max_actions)
        except GameStopped:
            # The problem is noted. Another game may show another one.
            self._stopped += 1
        else:
            self._records.append(record)

    def packed(self) -> bytes | None:
        """The engine for other processes; None, which is noted, if they cannot make it."""
        try:
            return packed(self._probe.engine)
        except Unreachable as error:
            self._leave_out(error)
            return None

    def play_elsewhere(self, engine: bytes, hash_seeds: Sequence[int]) -> None:
        """Play the same games in other processes."""
        try:
            check_processes(self._probe, engine, self._records, hash_seeds)
        except Unreachable as error:
            self._leave_out(error)

    def _leave_out(self, error: Unreachable) -> None:
        self._unchecked.append(f"determinism across processes: {error}.")

    def report(self) -> Report:
        """What was found, and what was not looked for."""
        probe = self._probe
        if self._records and not probe.perfect_information and not probe.redealt:
            why = (
                "`redeal` dealt nothing anew in any game"
                if isinstance(probe.engine, Redeals)
                else "the engine has no `redeal` that says what a seat cannot know"
            )
            self._unchecked.append(f"whether a view shows what is hidden, such as a deck: {why}.")
        return Report(
            engine=type(probe.engine).__name__,
            problems=probe.problems,
            games=len(self._records) + self._stopped,
            actions=sum(len(record.turns) for record in self._records),
            unchecked=tuple(self._unchecked),
        )
