from __future__ import annotations

import random
from typing import Any

import pytest

from meeple.engine import Outcome
from meeple.engine.conformance import Report, assert_engine, check_engine
from meeple.engines.connect_four import ConnectFour
from meeple.engines.goofspiel import Goofspiel
from meeple.engines.tic_tac_toe import TicTacToe
from tests.engines import good
from tests.engines.faulty import FAULTY, NeverEnds, ShowsPendingBids, ShowsSpectatorsTheCards

OURS = [TicTacToe, ConnectFour, Goofspiel]
GOOD = [good.Race, good.Nicknames, good.Walker, good.Essay, good.Kuhn]


@pytest.mark.parametrize("engine", OURS)
def test_the_engines_that_come_with_meeple_pass(engine: Any) -> None:
    report = check_engine(engine(), games=15)

    assert str(report).startswith(f"{engine.__name__} passed: 15 games, ")
    assert report.ok
    assert report.actions > 100


@pytest.mark.parametrize("seats", range(2, 7))
def test_goofspiel_passes_with_every_number_of_seats(seats: int) -> None:
    assert_engine(Goofspiel(), games=3, seats=seats, options={"cards": 4})


@pytest.mark.parametrize("engine", GOOD)
def test_no_fault_is_found_where_there_is_none(engine: Any) -> None:
    assert_engine(engine())


@pytest.mark.parametrize("engine", FAULTY)
def test_a_planted_fault_is_found(engine: Any) -> None:
    report = check_engine(engine(), games=4, max_actions=150)

    assert engine.__doc__ in [problem.check for problem in report.problems]
    assert f"{engine.__name__} failed: " in str(report)


def test_a_problem_is_found_again_by_its_seed() -> None:
    class FailsRarely(TicTacToe):
        def outcome(self, state: Any) -> Outcome | None:
            return Outcome((), "") if state[:4] == (0, 1, 0, 1) else super().outcome(state)

    (problem,) = check_engine(FailsRarely(), games=200).problems
    assert problem.seed not in (None, 0)

    again = check_engine(FailsRarely(), games=1, seed=problem.seed or 0)

    assert again.problems == (problem,)


@pytest.mark.parametrize("seed", [5, "monday"])
def test_the_same_seed_gives_the_same_report(seed: int | str) -> None:
    def check(seed: int | str) -> Report:
        return check_engine(ShowsPendingBids(), games=2, seed=seed, options={"cards": 3})

    assert check(seed) == check(seed)
    assert check(seed) != check(f"{seed}!")


def test_a_problem_of_a_kind_is_told_once() -> None:
    report = check_engine(ShowsPendingBids(), games=5)

    told = [(problem.check, problem.message.split(" tells ")[0]) for problem in report.problems]
    assert len(set(told)) == len(told)


def test_the_report_says_what_to_mend_and_how_to_see_it_again() -> None:
    text = str(check_engine(ShowsPendingBids(), games=1, seed=3, seats=2))

    assert "[leak_simultaneous] (seed 3, 2 seats, after " in text
    assert "Show a simultaneous action only when everybody has acted." in text
    assert "check_engine(engine, games=1, seed=3)" in text


def test_a_game_that_does_not_end_is_given_up() -> None:
    report = check_engine(NeverEnds(), games=10, max_actions=30)

    assert "not over after 30 actions" in report.problems[0].message
    assert report.games < 10


def test_seats_and_options_are_varied_unless_given() -> None:
    class Notes(good.Race):
        def __init__(self) -> None:
            self.played: set[tuple[int, int, int, bool]] = set()

        def new_game(self, seats: int, options: Any, rng: random.Random) -> Any:
            self.played.add((seats, options["goal"], options["stride"], options["reverse"]))
            return super().new_game(seats, options, rng)

    varied, fixed = Notes(), Notes()
    assert_engine(varied, games=100)
    assert_engine(fixed, games=5, seats=3, options={"goal": 4})

    seats, goals, strides, reverse = (set(values) for values in zip(*varied.played, strict=True))
    assert seats == {1, 2, 3}
    assert goals == set(range(3, 13))
    assert strides == {1, 2, 3}
    assert reverse == {True, False}
    assert fixed.played == {(3, 4, 2, False)}


def test_a_check_of_what_is_hidden_can_be_left_out() -> None:
    report = check_engine(ShowsSpectatorsTheCards(), skip=["leak_same_past"])

    assert report.ok


def test_no_other_check_can_be_left_out() -> None:
    with pytest.raises(ValueError, match="can be skipped"):
        check_engine(TicTacToe(), skip=["json"])


def test_the_global_generator_is_left_as_it_was() -> None:
    before = random.getstate()

    check_engine(TicTacToe(), games=3)

    assert random.getstate() == before


def test_a_class_is_no_engine() -> None:
    with pytest.raises(TypeError, match=r"TicTacToe\(\)"):
        check_engine(TicTacToe)


def test_options_for_an_engine_without_any_are_a_problem() -> None:
    (problem,) = check_engine(TicTacToe(), options={"size": 4}).problems

    assert problem.check == "declaration"


def test_assert_engine_fails_with_the_report() -> None:
    report = check_engine(ShowsPendingBids(), games=2)

    with pytest.raises(AssertionError) as failure:
        assert_engine(ShowsPendingBids(), games=2)

    assert str(failure.value) == str(report)
