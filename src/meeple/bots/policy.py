"""What a policy is, how hard it may think, and the two that do not think for themselves."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Protocol

import msgspec

from meeple.bots.moves import Moves
from meeple.engine.base import JSON, ChoosesActions
from meeple.engine.rules import Rules
from meeple.errors import PolicyNotAvailable

#: The iterations of each level of skill, from 1 on.
LEVELS = (5, 12, 25, 50, 100, 200, 400, 800, 1600, 3200)


def _never() -> bool:
    return False


class Budget(msgspec.Struct, frozen=True):
    """How hard a policy may think about one action.

    Attributes:
        iterations: simulated games, at most; a policy that has other measures takes it for one.
        depth: actions in one simulated game, at most, beyond what the policy knows of it.
        stop: asked between iterations; once it says True, the best so far is played. A caller with
            a clock can limit the time by it; without one, the same chance gives the same action.
    """

    iterations: int = LEVELS[4]
    depth: int = 200
    stop: Callable[[], bool] = _never

    @classmethod
    def of_level(cls, level: int, stop: Callable[[], bool] = _never) -> Budget:
        """The budget of a level of skill, 1 to 10; raises ValueError for any other."""
        if not 1 <= level <= len(LEVELS):
            raise ValueError(f"levels are 1 to {len(LEVELS)}")
        return cls(LEVELS[level - 1], stop=stop)


class Policy(Protocol):
    """Chooses actions in one kind of game."""

    def choose(self, state: Any, seat: int, budget: Budget, rng: Random) -> JSON:
        """What ``seat``, which is to act, does: an action as JSON, as a client would send it.

        It depends on what the seat can see of the state, and on nothing else that is in it.
        """
        ...


class RandomPolicy:
    """Any legal action, each as likely as the others.

    Raises:
        PolicyNotAvailable: later, by `choose`, if actions can be neither listed nor sampled.
    """

    def __init__(self, rules: Rules) -> None:
        self._moves = Moves(rules)

    def choose(self, state: Any, seat: int, budget: Budget, rng: Random) -> JSON:
        """See `Policy`; the budget is not used."""
        return self._moves.as_json(self._moves.any(state, seat, rng))


class EnginePolicy:
    """The bot that an engine brings.

    Raises:
        PolicyNotAvailable: it brings none.
    """

    def __init__(self, rules: Rules) -> None:
        if not isinstance(rules.engine, ChoosesActions):
            raise PolicyNotAvailable(f"{rules.name} brings no bot of its own")
        self._engine = rules.engine
        self._moves = Moves(rules)

    def choose(self, state: Any, seat: int, budget: Budget, rng: Random) -> JSON:
        """See `Policy`; of the budget only the iterations are told to the engine."""
        return self._moves.as_json(self._engine.choose_action(state, seat, budget.iterations, rng))
