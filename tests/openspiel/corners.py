"""Plays a few moves with the options of a game at their ends, in every combination.

``python -m tests.openspiel.corners [NAME …]``. The library is C++: what it does not check may end
the process, so this runs in one of its own. It prints a line for each game.
"""

from __future__ import annotations

import itertools
import resource
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from meeple.engines.openspiel import OpenSpiel
from meeple.engines.openspiel.bounds import BOUNDS, Between, Bound, Matching, OneOf

#: Combinations of a game's options that are tried, and actions that are played with each.
COMBINATIONS = 300
ACTIONS = 30
#: What is tried of an option that is a text.
TEXTS = {"pile_sizes": ("1", "20;20;20;20;20;20;20", "3;1")}
#: Mebibytes beyond those at the start, and seconds for options and actions together.
MEMORY, SECONDS = 512, 1.0


def ends(name: str, bound: Bound) -> tuple[Any, ...]:
    match bound:
        case Between(low, high):
            return (low, high)
        case OneOf(values):
            return values
        case Matching():
            return TEXTS[name]
        case _:
            return (False, True)


def combinations(game: str, chance: Random) -> Iterator[dict[str, Any]]:
    bounds = BOUNDS.get(game, {})
    values = [ends(name, bound) for name, bound in bounds.items()]
    every = [dict(zip(bounds, chosen, strict=True)) for chosen in itertools.product(*values)]
    yield from every if len(every) <= COMBINATIONS else chance.sample(every, COMBINATIONS)


def play(engine: Any, options: Any, seats: int, rng: Random) -> None:
    state = engine.new_game(seats, msgspec.to_builtins(options), rng)
    for _ in range(ACTIONS):
        if not (to_act := engine.to_act(state)):
            return
        seat = rng.choice(to_act)
        state = engine.apply(state, seat, rng.choice(engine.legal_actions(state, seat)), rng)
        for viewer in (*range(seats), None):
            msgspec.json.encode(engine.view(state, viewer))


def try_game(name: str) -> tuple[int, int, float]:
    """How many combinations go together, how many are refused, and the seconds of the slowest."""
    engine, rng = OpenSpiel().engine(name), Random(name)
    play(engine, engine.Options(), engine.seats[0], rng)  # what is loaded once is not counted
    good, refused, slowest = 0, 0, 0.0
    for given in combinations(name, rng):
        started = time.monotonic()
        # Numbers as JSON has them: a whole one may stand for a float.
        try:
            options = msgspec.convert(given, engine.Options, strict=False)
        except msgspec.ValidationError:
            refused += 1
        else:
            good += 1
            for seats in {engine.seats[0], engine.seats[-1]}:
                play(engine, options, seats, rng)
        slowest = max(slowest, time.monotonic() - started)
    return good, refused, slowest


def main() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in sys.argv[1:] or OpenSpiel().names():
        print(name, end=": ", flush=True)
        good, refused, slowest = try_game(name)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
        print(f"{good} good, {refused} refused, slowest {slowest:.2f} s, {grown} MiB", flush=True)
        assert good, name
        assert slowest < SECONDS, name
        assert grown < MEMORY, name


if __name__ == "__main__":
    main()
