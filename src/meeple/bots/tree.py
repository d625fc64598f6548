"""The tree that a search grows: what was tried in each position, how often, and with what luck."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import log, sqrt
from random import Random
from typing import Any

#: How much is tried that looks worse so far. The constant of UCB1, for results between 0 and 1.
EXPLORATION = sqrt(2)


class Arm:
    """One action of one seat.

    Attributes:
        key: what its node knows it by.
        action: the action, in the engine's own form.
        visits: how often it was tried.
        total: the sum of the results, each from 0 (lost) to 1 (won).
        offered: how often it could have been tried.
    """

    __slots__ = ("action", "key", "offered", "total", "visits")

    def __init__(self, key: Hashable, action: Any) -> None:
        self.key = key
        self.action = action
        self.visits = 0
        self.total = 0.0
        self.offered = 0

    def score(self) -> float:
        """The upper confidence bound of its result.

        It is counted by how often the arm was on offer, not by the visits of the position: what is
        legal differs from one deal of the hidden cards to the next (Cowling, Powley and Whitehouse,
        "Information Set Monte Carlo Tree Search", 2012).
        """
        return self.total / self.visits + EXPLORATION * sqrt(log(self.offered) / self.visits)


class Node:
    """A position, known by the actions that led to it.

    Attributes:
        arms: for each seat what it has tried here, by the key of the action.
        children: the positions that follow, by what everybody did who was to act.
    """

    __slots__ = ("arms", "children")

    def __init__(self) -> None:
        self.arms: dict[int, dict[Hashable, Arm]] = {}
        self.children: dict[tuple[tuple[int, Hashable], ...], Node] = {}


def pick(offered: Sequence[Arm], rng: Random) -> Arm:
    """The arm to try next: one that was never tried, else that of the best bound."""
    fresh = [arm for arm in offered if not arm.visits]
    for arm in offered:
        arm.offered += 1
    return rng.choice(fresh) if fresh else max(offered, key=Arm.score)
