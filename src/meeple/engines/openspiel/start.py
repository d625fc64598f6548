"""How a game starts and goes on, with chance from Meeple's generator, so that it replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from meeple.engines.openspiel import registry


def start(kind: Any, seats: int, options: Mapping[str, Any], rng: Random) -> Any:
    """The library's state after the deal.

    Raises:
        pyspiel.SpielError: the library refuses these options together.
    """
    seed = rng.getrandbits(31) if kind.short_name in registry.SEEDED else None
    game = registry.load(kind, seats, options, seed)
    # Chess alone has this option; with it empty, and in every other game, the game says.
    position = options.get("fen")
    state = game.new_initial_state(position) if position else game.new_initial_state()
    draw_chance(state, rng)
    return state


def copy_of(state: Any) -> Any:
    """A state like this one, to be played on."""
    game = state.get_game()
    if game.get_type().short_name not in registry.UNSAFE_COPIES:
        return state.clone()
    again = game.new_initial_state()
    for action in state.history():
        again.apply_action(action)
    return again


def draw_chance(state: Any, rng: Random) -> None:
    """Play the chance nodes that follow, in place."""
    while state.is_chance_node():
        state.apply_action(_drawn(state.chance_outcomes(), rng))


def _drawn(outcomes: Sequence[tuple[int, float]], rng: Random) -> int:
    if len(outcomes) == 1:
        return outcomes[0][0]
    point = rng.random() * sum(chance for _, chance in outcomes)
    for number, chance in outcomes:
        point -= chance
        if point < 0:
            return number
    return outcomes[-1][0]  # what rounding may leave
