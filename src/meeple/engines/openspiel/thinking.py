"""Games of OpenSpiel with a bot: the library's own search, by what the seat can see."""

from __future__ import annotations

from collections import Counter
from math import isqrt
from random import Random
from typing import Any

import pyspiel

from meeple.engine.base import JSON
from meeple.engines.openspiel import gin_rummy, gin_rummy_bot, registry
from meeple.engines.openspiel.engine import SEQUENTIAL, SpielEngine
from meeple.engines.openspiel.position import Position
from meeple.engines.openspiel.sight import IMPERFECT

#: How much is tried that looks worse so far (UCT), for results from -1 to 1.
EXPLORATION = 1.4
#: Mebibytes that a tree may take.
MEMORY = 256
TERMINAL = pyspiel.GameType.RewardModel.TERMINAL


class SearchingEngine(SpielEngine):
    """A game of OpenSpiel that hides nothing, with the library's Monte Carlo tree search."""

    def choose_action(self, state: Position, seat: int, iterations: int, rng: Random) -> JSON:
        """The action that the search tried most."""
        numbers = state.numbers(seat)
        if len(numbers) == 1:
            return _word(state, seat, numbers[0])
        bot = _searcher(state.spiel, iterations, rng)
        return _word(state, seat, bot.step(state.spiel))


class AtOnceEngine(SpielEngine):
    """A game of OpenSpiel that hides nothing but what others have just chosen at the same time."""

    def redeal(self, state: Position, seat: int | None, rng: Random) -> Position:
        """A random state that ``seat`` cannot tell from this one: others chose by chance."""
        chosen = tuple(
            one if one is None or at == seat else rng.choice(state.spiel.legal_actions(at))
            for at, one in enumerate(state.pending)
        )
        return Position(state.spiel, chosen, state.turn, state.last)


class ResamplingEngine(SpielEngine):
    """A game of OpenSpiel that can deal anew what a seat cannot know."""

    def redeal(self, state: Position, seat: int | None, rng: Random) -> Position | None:
        """A random state that ``seat`` cannot tell from this one; None for a spectator.

        The library deals for those who play. Dealing for each of them in turn would give a
        spectator what it cannot tell from the true state, but by way of what the seats hold.
        """
        if seat is None or _ends_by_chance(state.spiel):
            return None
        if self._kind.short_name == "gin_rummy":
            spiel = gin_rummy.redeal(state.spiel, seat, rng)
        else:
            spiel = state.spiel.resample_from_infostate(seat, rng.random)
        return None if spiel is None else Position(spiel, state.pending, state.turn, state.last)


class GuessingEngine(ResamplingEngine):
    """A game of OpenSpiel that deals anew, with the library's search of redealt states.

    Its own search of information sets is not used: it walks hash tables, so that the same seed
    gives other actions each time.
    """

    def choose_action(self, state: Position, seat: int, iterations: int, rng: Random) -> JSON:
        """The action that was tried most, over as many redealt states as trials in each.

        The true state is out of the library's reach. Each search takes its state for the whole
        truth, as a player would who sees all hands: that misjudges bluffs, but not cards.
        """
        numbers = state.numbers(seat)
        if len(numbers) == 1:
            return _word(state, seat, numbers[0])
        if self._kind.short_name == "gin_rummy":
            return _word(state, seat, gin_rummy_bot.choose(state.spiel, seat, iterations, rng))
        visits, total = Counter[int](), Counter[int]()
        worlds = max(1, isqrt(iterations))
        for _ in range(worlds):
            dealt = self.redeal(state, seat, rng)
            if dealt is None:
                break
            root = _searcher(dealt.spiel, iterations // worlds, rng).mcts_search(dealt.spiel)
            for child in root.children:
                visits[child.action] += child.explore_count
                total[child.action] += child.total_reward
        return _word(state, seat, max(numbers, key=lambda one: (visits[one], total[one])))


def _ends_by_chance(spiel: Any) -> bool:
    """Whether it is a game of bargaining that chance may end: the library cannot deal it anew.

    It plays the offers again, and takes the throw between two of them for an offer.
    """
    game = spiel.get_game()
    parameters = game.get_parameters()
    return bool(game.get_type().short_name == "bargaining" and parameters.get("prob_end", 0))


def make_engine(name: str) -> SpielEngine:
    """The engine of a game on offer."""
    kind = registry.on_offer()[name]
    if name in registry.RESAMPLED:
        return (GuessingEngine if name in registry.GUESSED else ResamplingEngine)(kind)
    if kind.information == IMPERFECT:
        return SpielEngine(kind)
    if kind.dynamics != SEQUENTIAL:
        return AtOnceEngine(kind)
    return (SearchingEngine if kind.reward_model == TERMINAL else SpielEngine)(kind)


def _searcher(spiel: Any, iterations: int, rng: Random) -> Any:
    game = spiel.get_game()
    return pyspiel.MCTSBot(
        game,
        pyspiel.RandomRolloutEvaluator(n_rollouts=1, seed=rng.getrandbits(31)),
        uct_c=EXPLORATION * (game.max_utility() - game.min_utility()) / 2,
        max_simulations=max(2, iterations),
        max_memory_mb=MEMORY,
        solve=True,
        seed=rng.getrandbits(31),
        verbose=False,
    )


def _word(state: Position, seat: int, number: int) -> str:
    """The action as the library prints it."""
    return next(word for word, one in state.words(seat).items() if one == number)
