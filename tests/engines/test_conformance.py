from __future__ import annotations

import enum
import os
import random
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from meeple.engine import EngineOptions, Outcome
from meeple.engine.conformance import Report, assert_engine, check_engine
from meeple.engines.connect_four import ConnectFour
from meeple.engines.goofspiel import Goofspiel
from meeple.engines.tic_tac_toe import TicTacToe
from tests.engines import good
from tests.engines.faulty import (
    FAULTY,
    DrawsLotsByHash,
    ListsActionsInTheOrderOfASet,
    NeverComesBack,
    NeverEnds,
    ShowsASetInItsOrder,
    ShowsPendingBids,
    ShowsSpectatorsTheCards,
)

OURS = [TicTacToe, ConnectFour, Goofspiel]
GOOD = [good.Race, good.Nicknames, good.Walker, good.Essay, good.Kuhn, good.DealtKuhn]
#: Found by other processes only, where a hash is another one.
BY_PROCESSES = [ShowsASetInItsOrder, ListsActionsInTheOrderOfASet, DrawsLotsByHash]


@pytest.mark.parametrize("engine", OURS)
def test_the_engines_that_come_with_meeple_pass(engine: Any) -> None:
    report = check_engine(engine(), games=10)

    assert str(report).startswith(f"{engine.__name__} passed: 10 games, ")
    assert report.ok
    assert report.actions > 50


@pytest.mark.parametrize("seats", range(2, 7))
def test_goofspiel_passes_with_every_number_of_seats(seats: int) -> None:
    assert_engine(Goofspiel(), games=3, seats=seats, options={"cards": 4}, hash_seeds=())


@pytest.mark.parametrize("engine", GOOD)
def test_no_fault_is_found_where_there_is_none(engine: Any) -> None:
    assert_engine(engine(), games=30)


@pytest.mark.parametrize("engine", FAULTY)
def test_a_planted_fault_is_found(engine: Any) -> None:
    # So many that a set of two strings has either order in some of them.
    hash_seeds = range(1, 9) if engine in BY_PROCESSES else ()
    report = check_engine(
        engine(), games=4, max_actions=150, max_seconds=0.2, hash_seeds=hash_seeds
    )

    assert engine.__doc__ in [problem.check for problem in report.problems]
    assert f"{engine.__name__} failed: " in str(report)


def test_what_differs_in_another_process_is_shown_as_it_is_here_and_there() -> None:
    report = check_engine(ShowsASetInItsOrder(), games=3, seed=2, hash_seeds=(1, 2, 3, 4))

    (problem,) = report.problems
    told = problem.message.splitlines()
    assert told[0].startswith("From here on the game is another one in another process (PYTHONHASH")
    assert told[1] == "`view` of seat 0:"
    assert sorted(told[2].partition("{")[2]) == sorted(told[3].partition("{")[2])
    assert told[4].startswith("Sort what comes out of a set")
    assert problem.seats in range(1, 4)
    assert problem.step


def test_an_engine_that_another_process_cannot_make_is_checked_as_far_as_it_goes() -> None:
    class Local(TicTacToe):
        pass

    report = check_engine(Local(), games=2)

    assert report.ok
    (unchecked,) = report.unchecked
    assert unchecked.startswith("determinism across processes: ")
    assert f"Not checked: {unchecked}" in str(report)


def test_an_engine_that_fails_in_another_process_is_found_out() -> None:
    report = check_engine(OnlyHere(os.getpid()), games=2)

    (problem,) = report.problems
    assert "This is found in another process" in problem.message
    assert "RuntimeError: not here" in problem.message


class OnlyHere(TicTacToe):
    """Works in the process that it was made for."""

    def __init__(self, process: int) -> None:
        self.process = process

    def view(self, state: Any, seat: int | None) -> Any:
        if os.getpid() != self.process:
            raise RuntimeError("not here")
        return super().view(state, seat)


def test_the_report_says_that_a_deck_is_not_looked_for_where_nothing_can_be_redealt() -> None:
    silent, told = check_engine(good.Kuhn(), games=2), check_engine(good.DealtKuhn(), games=2)

    assert silent.ok
    assert "the engine has no `redeal`" in silent.unchecked[0]
    assert (told.ok, told.unchecked) == (True, ())


def test_a_redeal_that_deals_nothing_anew_is_told() -> None:
    class Idle(good.DealtKuhn):
        def redeal(self, state: Any, seat: int | None, rng: random.Random) -> Any:
            return state

        def choose_action(self, state: Any, seat: int, iterations: int, rng: random.Random) -> Any:
            return self.legal_actions(state, seat)[0]

    assert "dealt nothing anew" in check_engine(Idle(), games=2, hash_seeds=()).unchecked[0]


def test_a_problem_is_found_again_by_its_seed() -> None:
    class FailsRarely(TicTacToe):
        def outcome(self, state: Any) -> Outcome | None:
            return Outcome((), "") if state[:4] == (0, 1, 0, 1) else super().outcome(state)

    (problem,) = check_engine(FailsRarely(), games=200, hash_seeds=()).problems
    assert problem.seed not in (None, 0)

    again = check_engine(FailsRarely(), games=1, seed=problem.seed or 0, hash_seeds=())

    assert again.problems == (problem,)


@pytest.mark.parametrize("seed", [5, "monday"])
def test_the_same_seed_gives_the_same_report(seed: int | str) -> None:
    def check(seed: int | str) -> Report:
        return check_engine(
            ShowsPendingBids(), games=2, seed=seed, options={"cards": 3}, hash_seeds=()
        )

    assert check(seed) == check(seed)
    assert check(seed) != check(f"{seed}!")


def test_a_problem_of_a_kind_is_told_once() -> None:
    report = check_engine(ShowsPendingBids(), games=5, hash_seeds=())

    told = [(problem.check, problem.message.split(" tells ")[0]) for problem in report.problems]
    assert len(set(told)) == len(told)


def test_the_report_says_what_to_mend_and_how_to_see_it_again() -> None:
    text = str(check_engine(ShowsPendingBids(), games=1, seed=3, seats=2, hash_seeds=()))

    assert "[leak_simultaneous] (seed 3, 2 seats, after " in text
    assert "Show a simultaneous action only when everybody has acted." in text
    assert "check_engine(engine, games=1, seed=3, seats=2, options={'cards': 13})" in text


def test_a_game_that_does_not_end_is_given_up() -> None:
    report = check_engine(NeverEnds(), games=10, max_actions=30, hash_seeds=())

    assert "not over after 30 actions" in report.problems[0].message
    assert report.games < 10


def test_a_call_that_does_not_come_back_is_ended_and_shown() -> None:
    report = check_engine(NeverComesBack(), games=1, max_seconds=0.5)

    (problem,) = report.problems
    told = problem.message.splitlines()
    assert told[0] == "`apply` has not come back after 0.5 seconds:"
    assert any("faulty.py" in line and line.endswith("in apply") for line in told)


def test_seats_and_options_are_varied_unless_given() -> None:
    class Notes(good.Race):
        def __init__(self) -> None:
            self.played: set[tuple[int, int, int, bool]] = set()

        def new_game(self, seats: int, options: Any, rng: random.Random) -> Any:
            self.played.add((seats, options["goal"], options["stride"], options["reverse"]))
            return super().new_game(seats, options, rng)

    varied, fixed = Notes(), Notes()
    assert_engine(varied, games=200, hash_seeds=())
    assert_engine(fixed, games=5, seats=3, options={"goal": 4}, hash_seeds=())

    seats, goals, strides, reverse = (set(values) for values in zip(*varied.played, strict=True))
    assert seats == {1, 2, 3}
    assert goals == set(range(3, 13))
    assert strides == {1, 2, 3}
    assert reverse == {True, False}
    assert fixed.played == {(3, 4, 2, False)}


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def test_options_of_every_kind_are_varied_as_far_as_their_types_say() -> None:
    class Notes(good.Race):
        class Options(EngineOptions, frozen=True):
            goal: int = 7
            stride: int = 2
            reverse: bool = False
            colour: Colour = Colour.RED
            mode: Literal["short", "long"] = "short"
            handicap: Annotated[float, Meta(ge=0, le=1)] = 0.5
            limit: Annotated[int, Meta(ge=1, le=10**9)] = 60
            extra: bool | None = None
            name: str = "a game"

        def __init__(self) -> None:
            self.seen: dict[str, set[Any]] = {}

        def new_game(self, seats: int, options: Any, rng: random.Random) -> Any:
            for name, value in options.items():
                self.seen.setdefault(name, set()).add(value)
            return super().new_game(seats, {**options, "goal": 7, "stride": 2}, rng)

    notes = Notes()
    assert_engine(notes, games=60, hash_seeds=())

    seen = notes.seen
    assert seen["goal"] == {7}  # no bounds are given
    assert seen["colour"] == {"red", "blue"}
    assert seen["mode"] == {"short", "long"}
    assert len(seen["handicap"]) > 5
    assert all(0 <= value <= 1 for value in seen["handicap"])
    assert seen["limit"] == {1, 60}
    assert seen["extra"] == {None, True, False}
    assert seen["name"] == {"a game"}


def test_options_that_do_not_go_together_are_not_played() -> None:
    class Notes(good.Race):
        class Options(EngineOptions, frozen=True):
            goal: Annotated[int, Meta(ge=3, le=12)] = 7
            stride: Annotated[int, Meta(ge=1, le=3)] = 2
            reverse: bool = False

            def __post_init__(self) -> None:
                if self.goal % self.stride == 0:
                    raise ValueError("the goal must not be a multiple of the stride")

        def new_game(self, seats: int, options: Any, rng: random.Random) -> Any:
            assert options["goal"] % options["stride"]
            return super().new_game(seats, options, rng)

    assert_engine(Notes(), games=40, hash_seeds=())


def test_a_check_of_what_is_hidden_can_be_left_out() -> None:
    report = check_engine(ShowsSpectatorsTheCards(), skip=["leak_same_past"], hash_seeds=())

    assert report.ok


def test_no_other_check_can_be_left_out() -> None:
    with pytest.raises(ValueError, match="can be skipped"):
        check_engine(TicTacToe(), skip=["json"])


def test_the_global_generator_is_left_as_it_was() -> None:
    before = random.getstate()

    check_engine(TicTacToe(), games=3, hash_seeds=())

    assert random.getstate() == before


def test_a_class_is_no_engine() -> None:
    with pytest.raises(TypeError, match=r"TicTacToe\(\)"):
        check_engine(TicTacToe)


def test_options_for_an_engine_without_any_are_a_problem() -> None:
    (problem,) = check_engine(TicTacToe(), options={"size": 4}).problems

    assert problem.check == "declaration"


def test_assert_engine_fails_with_the_report() -> None:
    report = check_engine(ShowsPendingBids(), games=2, hash_seeds=())

    with pytest.raises(AssertionError) as failure:
        assert_engine(ShowsPendingBids(), games=2, hash_seeds=())

    assert str(failure.value) == str(report)
