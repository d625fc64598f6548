"""Policies by name, and those that do not think."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from meeple.bots import LEVELS, Budget, EnginePolicy, MctsPolicy, RandomPolicy, policy_for
from meeple.engine.rules import Rules
from meeple.engines.tic_tac_toe import TicTacToe
from meeple.errors import PolicyNotAvailable
from tests.engines.faulty import ListsNoActionsAndSamplesNone
from tests.engines.good import DealtKuhn, Essay, Walker

RULES = Rules("tic-tac-toe", TicTacToe())


def test_a_policy_is_found_by_its_name() -> None:
    assert isinstance(policy_for("random", RULES), RandomPolicy)
    assert isinstance(policy_for("mcts", RULES), MctsPolicy)


@pytest.mark.parametrize("name", ["", "MCTS", "stockfish" * 1000])
def test_a_name_that_is_not_there_is_refused_in_a_line(name: str) -> None:
    with pytest.raises(PolicyNotAvailable, match="there are random, mcts") as caught:
        policy_for(name, RULES)

    assert len(caught.value.message) < 200


def test_chance_does_everything_that_is_legal_and_nothing_else() -> None:
    board = (0, 1, None, None, None, None, None, None, None)
    policy = RandomPolicy(RULES)
    chosen = {policy.choose(board, 0, Budget(), Random(seed)) for seed in range(100)}

    assert chosen == {2, 3, 4, 5, 6, 7, 8}


def test_chance_samples_what_cannot_be_listed_and_speaks_as_a_client_does() -> None:
    walker = Walker()
    walk = walker.new_game(2, {}, Random(1))

    essay = RandomPolicy(Rules("essay", Essay())).choose((), 0, Budget(), Random(1))
    steps = RandomPolicy(Rules("walker", walker)).choose(walk, 0, Budget(), Random(1))

    assert essay in ("yes", "no", "x")
    assert steps in walker.names


def test_chance_that_can_neither_list_nor_sample_is_refused() -> None:
    policy = RandomPolicy(Rules("essay", ListsNoActionsAndSamplesNone()))

    with pytest.raises(PolicyNotAvailable, match="no sample_action"):
        policy.choose((), 0, Budget(), Random(1))


def test_an_engine_that_brings_a_bot_plays_by_that() -> None:
    policy = policy_for("mcts", Rules("kuhn", DealtKuhn()))

    assert isinstance(policy, EnginePolicy)
    king = (("king", "jack"), ())
    assert {policy.choose(king, 0, Budget(), Random(seed)) for seed in range(20)} == {"bet"}


def test_an_engine_without_a_bot_of_its_own_says_so() -> None:
    with pytest.raises(PolicyNotAvailable, match="tic-tac-toe brings no bot"):
        EnginePolicy(RULES)


def test_every_level_thinks_harder_than_the_one_below() -> None:
    budgets = [Budget.of_level(level).iterations for level in range(1, 11)]

    assert budgets == sorted(set(budgets)) == list(LEVELS)


def test_the_documents_name_the_levels() -> None:
    page = (Path(__file__).parents[2] / "docs/bots.md").read_text(encoding="utf-8")
    assert f"| {', '.join(map(str, LEVELS))} simulated games |" in page


@pytest.mark.parametrize("level", [-1, 0, 11])
def test_there_is_no_other_level(level: int) -> None:
    with pytest.raises(ValueError, match="levels are 1 to 10"):
        Budget.of_level(level)
