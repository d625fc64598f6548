"""A bot for gin rummy: it plays redealt games to their end, in which both sides play sensibly.

By chance alone hardly any game of gin rummy is won, so search with random play learns nothing.
"""

from __future__ import annotations

from math import inf, log, sqrt
from random import Random
from typing import Any

from meeple.engines.openspiel.gin_rummy import KNOCK, redeal

#: How much is tried that looks worse so far (UCB1), in points of a game.
EXPLORATION = 30.0
#: Games by which an action is worth being thought about beside the one that looks best.
TRIALS = 10


def choose(spiel: Any, seat: int, iterations: int, rng: Random) -> int:
    """The number of the action that won most in so many games, each dealt anew for the seat."""
    first = redeal(spiel, seat, rng)
    if first is None:
        listed: list[int] = spiel.legal_actions(seat)
        return rng.choice(listed)
    # The less it may think, the fewer actions it thinks about: those that look best.
    numbers: list[int] = sorted(first.legal_actions(), key=lambda one: _looks(first, one))
    del numbers[1 + iterations // TRIALS :]
    if len(numbers) == 1:
        return numbers[0]
    visits, total = dict.fromkeys(numbers, 0), dict.fromkeys(numbers, 0.0)
    for tried in range(iterations):
        number = max(
            numbers,
            key=lambda one: _bound(visits[one], total[one], tried),
        )
        dealt = redeal(spiel, seat, rng)
        if dealt is None:
            break
        dealt.apply_action(number)
        visits[number] += 1
        total[number] += _played_out(dealt, rng)[seat]
    return max(numbers, key=lambda one: (visits[one], total[one]))


def _bound(visits: int, total: float, tried: int) -> float:
    if not visits:
        return inf
    return total / visits + EXPLORATION * sqrt(log(tried + 1) / visits)


def _played_out(spiel: Any, rng: Random) -> list[float]:
    """What the game comes to if both keep their deadwood low; plays on in place."""
    while not spiel.is_terminal():
        numbers = spiel.legal_actions()
        if spiel.is_chance_node():
            spiel.apply_action(numbers[int(rng.random() * len(numbers))])
        else:
            spiel.apply_action(_sensible(spiel, numbers))
    points: list[float] = spiel.returns()
    return points


def _sensible(spiel: Any, numbers: list[int]) -> int:
    return min(numbers, key=lambda one: _looks(spiel, one)) if len(numbers) > 1 else numbers[0]


def _looks(spiel: Any, number: int) -> tuple[int, int]:
    """The less, the better it looks: whoever can knock knocks, else the deadwood decides."""
    if number == KNOCK:
        return (-1, 0)
    # Of equals the later number: a meld rather than a pass, a card unseen rather than the upcard.
    return (spiel.child(number).deadwood()[spiel.current_player()], -number)
