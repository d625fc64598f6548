"""Monte Carlo tree search (UCT) on any engine, with as many seats as it has.

- Every simulated game descends a tree by UCB1, adds one position to it, and is played on by chance.
- **Several seats at once** choose as if at the same moment: each by what it has tried itself in
  this position, whatever the others do in the same round (decoupled UCT).
- **Chance** is drawn anew in every simulated game. A position is known by the actions that led to
  it, so what chance does in between is averaged.
- **Hidden information**: every simulated game starts from a state of its own that the seat cannot
  tell from the true one (`Redeals.redeal`), and all share one tree. Nothing beyond what the seat
  can see has any influence.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from random import Random
from typing import Any

from meeple.bots.moves import Moves
from meeple.bots.policy import Budget
from meeple.bots.tree import Arm, Node, pick
from meeple.engine.base import JSON, IllegalAction, Outcome, Redeals
from meeple.engine.rules import Rules
from meeple.errors import PolicyNotAvailable

#: The result of a draw, of a game that nobody won, and of one that was cut off.
EVEN = 0.5


class MctsPolicy:
    """Thinks by playing the game out many times.

    Raises:
        PolicyNotAvailable: the engine hides something and has no `redeal` that says what; or, later
            and by `choose`, its actions can be neither listed nor sampled.
    """

    def __init__(self, rules: Rules) -> None:
        self._redeals = rules.engine if isinstance(rules.engine, Redeals) else None
        if self._redeals is None and not rules.perfect_information:
            raise PolicyNotAvailable(
                f"mcts cannot play {rules.name}: it hides information and offers no redeal"
            )
        self._name = rules.name
        self._moves = Moves(rules)

    def choose(self, state: Any, seat: int, budget: Budget, rng: Random) -> JSON:
        """See `Policy`."""
        listed = self._moves.listed(state, seat)
        if listed is not None and len(listed) == 1:
            return self._moves.as_json(listed[0])
        search = _Search(self._moves, seat, budget.depth, Random(rng.getrandbits(64)))
        for _ in range(max(1, budget.iterations)):
            search.simulate(self._imagined(state, seat, search.rng))
            if budget.stop():
                break
        tried = search.root.arms[seat].values()
        best = max(tried, key=lambda arm: (arm.visits, arm.total))
        return self._moves.as_json(best.action)

    def _imagined(self, state: Any, seat: int, rng: Random) -> Any:
        """The state, with whatever the seat cannot know by chance."""
        if self._redeals is None:
            return state
        dealt = self._redeals.redeal(state, seat, rng)
        if dealt is None:
            raise PolicyNotAvailable(f"{self._name} cannot be dealt anew for seat {seat}")
        return dealt


class _Search:
    """One search for a seat: a tree, and what it is grown by."""

    def __init__(self, moves: Moves, seat: int, depth: int, rng: Random) -> None:
        self.root = Node()
        self.rng = rng
        self._seat = seat
        self._moves = moves
        self._engine = moves.engine
        self._depth = depth

    def simulate(self, state: Any) -> None:
        """Play one game to its end, or as far as is allowed, and remember the result."""
        node, path, grown = self.root, list[tuple[int, Arm]](), False
        while not grown and (to_act := self._round(state)):
            done: list[tuple[int, Hashable]] = []
            for seat in to_act:
                # What the first of them does may leave the others nothing to do.
                if done and seat not in self._engine.to_act(state):
                    continue
                arm, state = self._descend(node, state, seat)
                path.append((seat, arm))
                done.append((seat, arm.key))
                grown |= not arm.visits
            node = node.children.setdefault(tuple(done), Node())
        outcome = self._play_out(state)
        for seat, arm in path:
            arm.visits += 1
            arm.total += _result(outcome, seat)

    def _round(self, state: Any) -> list[int]:
        """Who acts, in turn; first the seat that is thought for, lest others forestall it."""
        return sorted(self._engine.to_act(state), key=lambda seat: (seat != self._seat, seat))

    def _descend(self, node: Node, state: Any, seat: int) -> tuple[Arm, Any]:
        arms = node.arms.setdefault(seat, {})
        listed = self._moves.listed(state, seat)
        if listed is None:
            return self._widen(arms, state, seat)
        arm = pick([self._arm(arms, action) for action in listed], self.rng)
        return arm, self._moves.play(state, seat, arm.action, self.rng)

    def _widen(self, arms: dict[Hashable, Arm], state: Any, seat: int) -> tuple[Arm, Any]:
        """Too many to list: try what is known, and now and then something new."""
        known = list(arms.values())
        if len(known) ** 2 > sum(arm.visits for arm in known):
            # What was sampled from another deal of the hidden cards may not be legal in this one.
            with suppress(IllegalAction):
                arm = pick(known, self.rng)
                return arm, self._moves.play(state, seat, arm.action, self.rng)
        arm = self._arm(arms, self._moves.sample(state, seat, self.rng))
        arm.offered += 1
        return arm, self._moves.play(state, seat, arm.action, self.rng)

    def _arm(self, arms: dict[Hashable, Arm], action: Any) -> Arm:
        key = self._moves.key(action)
        if key not in arms:
            arms[key] = Arm(key, action)
        return arms[key]

    def _play_out(self, state: Any) -> Outcome | None:
        """How the game ends if everybody plays by chance; None if it is too long."""
        for _ in range(self._depth):
            to_act = tuple(self._engine.to_act(state))
            if not to_act:
                break
            seat = to_act[0] if len(to_act) == 1 else self.rng.choice(to_act)
            action = self._moves.any(state, seat, self.rng)
            state = self._moves.play(state, seat, action, self.rng)
        return self._engine.outcome(state)


def _result(outcome: Outcome | None, seat: int) -> float:
    if outcome is None or not outcome.winners:
        return EVEN
    return 1.0 if seat in outcome.winners else 0.0
