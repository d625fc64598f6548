"""Policies by name."""

from __future__ import annotations

from meeple.bots.mcts import MctsPolicy
from meeple.bots.policy import EnginePolicy, Policy, RandomPolicy
from meeple.engine.base import ChoosesActions
from meeple.engine.rules import Rules
from meeple.errors import PolicyNotAvailable

#: The names of the policies that play by an engine's rules.
POLICIES = ("random", "mcts")


def policy_for(name: str, rules: Rules) -> Policy:
    """The policy of that name for a game. "mcts" is the engine's own bot where it brings one.

    Raises:
        PolicyNotAvailable: there is no such policy, or it cannot play this game.
    """
    match name:
        case "random":
            return RandomPolicy(rules)
        case "mcts":
            brings_own = isinstance(rules.engine, ChoosesActions)
            return EnginePolicy(rules) if brings_own else MctsPolicy(rules)
    raise PolicyNotAvailable(f"there is no policy {name[:64]!r}; there are {', '.join(POLICIES)}")
