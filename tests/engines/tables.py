"""Helpers to play a game by hand: a list of actions in, a state out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from meeple.engine.base import GameEngine
from meeple.engine.rng import GameRandom

SEED = bytes(range(32))


class Unshuffled(Random):
    """A generator that leaves a deck as it is, so that a worked game can be written down."""

    def shuffle(self, x: Any) -> None:
        pass


def start(
    engine: GameEngine[Any, Any],
    seats: int = 2,
    options: Mapping[str, Any] | None = None,
    rng: Random | None = None,
) -> Any:
    """A new game, with the engine's default options where none are given."""
    declared = getattr(engine, "Options", None)
    complete = (
        {} if declared is None else msgspec.to_builtins(msgspec.convert(options or {}, declared))
    )
    return engine.new_game(seats, complete, rng or GameRandom(SEED, 0))


def play(engine: GameEngine[Any, Any], state: Any, actions: Iterable[Any]) -> Any:
    """Each action is done by the first seat that is to act."""
    for number, action in enumerate(actions, 1):
        state = engine.apply(state, min(engine.to_act(state)), action, GameRandom(SEED, number))
    return state


def draw(data: Any, engine: GameEngine[Any, Any], state: Any) -> Any:
    """The state after one legal action of hypothesis's choice, by a seat of its choice."""
    seat = data.draw(st.sampled_from(sorted(engine.to_act(state))))
    listed = engine.legal_actions(state, seat)
    assert listed is not None
    return engine.apply(state, seat, data.draw(st.sampled_from(listed)), GameRandom(SEED, 1))
