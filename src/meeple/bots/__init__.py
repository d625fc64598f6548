"""Bots: policies that choose a seat's actions. Pure, as the rules are, and made from rules alone.

::

    policy = policy_for("mcts", rules)
    action = policy.choose(state, seat, Budget.of_level(5), rng)

What carries a policy's choice to a table, such as a socket, is no business of this package.
"""

from meeple.bots.choosing import POLICIES, policy_for
from meeple.bots.mcts import MctsPolicy
from meeple.bots.policy import LEVELS, Budget, EnginePolicy, Policy, RandomPolicy

__all__ = [
    "LEVELS",
    "POLICIES",
    "Budget",
    "EnginePolicy",
    "MctsPolicy",
    "Policy",
    "RandomPolicy",
    "policy_for",
]
