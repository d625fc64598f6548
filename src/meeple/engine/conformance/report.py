"""What `check_engine` found, in words that say what to mend."""

from __future__ import annotations

from textwrap import indent

import msgspec

from meeple.engine.base import JSON


class Problem(msgspec.Struct, frozen=True):
    """Something that the engine does and must not do.

    Attributes:
        check: the name of the check that found it; ``check_engine(skip=…)`` takes these names.
        message: what is wrong and what to mend.
        seed: plays the game again, with the same seats and options:
            ``check_engine(engine, games=1, seed=…, seats=…, options=…)``. None if the problem is
            not one of a game.
        step: how many actions had been played; None if the problem is not one of a game.
        seats: how many played.
        options: the house rules they played by.
    """

    check: str
    message: str
    seed: int | str | None = None
    step: int | None = None
    seats: int | None = None
    options: dict[str, JSON] | None = None

    def __str__(self) -> str:
        where = ""
        if self.seed is not None:
            where = f" (seed {self.seed!r}, {self.seats} seats, after {self.step} actions"
            where += f", options {self.options})" if self.options else ")"
        return f"[{self.check}]{where}\n{indent(self.message, '    ')}"


class Report(msgspec.Struct, frozen=True):
    """The outcome of `check_engine`; ``str(report)`` is for reading.

    Attributes:
        engine: the name of the engine's class.
        problems: one of each kind, in the order found; empty if the engine passed.
        games: how many games were played.
        actions: how many actions were played in them.
        unchecked: what could not be looked for, and why.
    """

    engine: str
    problems: tuple[Problem, ...]
    games: int
    actions: int
    unchecked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True if no problem was found."""
        return not self.problems

    def __str__(self) -> str:
        played = f"{self.games} games, {self.actions} actions"
        unchecked = [f"Not checked: {what}" for what in self.unchecked]
        if self.ok:
            passed = f"{self.engine} passed: {played}, no problem found."
            return "\n".join([passed, *unchecked])
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        lines = [f"{self.engine} failed: {count} in {played}.", ""]
        lines += [f"{number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        again = [problem for problem in self.problems if problem.seed is not None]
        if again:
            lines += ["", f"To play the first of these games alone: {_call(again[0])}"]
        return "\n".join([*lines, *unchecked])


def _call(problem: Problem) -> str:
    settings = f"games=1, seed={problem.seed!r}, seats={problem.seats}"
    if problem.options:
        settings += f", options={problem.options}"
    return f"check_engine(engine, {settings})"
