"""The tree search wins where it should, and knows no more than its seat."""

from __future__ import annotations

from math import comb
from random import Random
from typing import Any

import pytest

from meeple.bots import Budget, MctsPolicy, Policy, RandomPolicy
from meeple.engine.rules import Rules
from meeple.engines.connect_four import ConnectFour
from meeple.engines.goofspiel import Goofspiel
from meeple.engines.tic_tac_toe import TicTacToe
from meeple.errors import PolicyNotAvailable
from tests.bots.games import GuessTheCard, NameAMultiple, PenniesOrLottery, Snap, TakePairs
from tests.engines.faulty import ListsNoActionsAndSamplesNone, NeverEnds
from tests.engines.good import DealtKuhn, Kuhn, Race, Walker


def play(rules: Rules, policies: list[Policy], budget: Budget, seed: int, **options: Any) -> Any:
    """How a game between policies ended, each in its seat."""
    rng = Random(seed)
    state = rules.engine.new_game(len(policies), rules.options(options), rng)
    while to_act := sorted(rules.engine.to_act(state)):
        seat = to_act[0]
        action = rules.decode_action(policies[seat].choose(state, seat, budget, rng))
        state = rules.engine.apply(state, seat, action, rng)
    return rules.engine.outcome(state)


def chance_of(wins: int, games: int) -> float:
    """How likely so many wins or more would be if each were a toss of a coin."""
    more = sum(comb(games, number) for number in range(wins, games + 1))
    return float(more / 2**games)


@pytest.mark.parametrize(
    ("engine", "iterations", "games", "options"),
    [
        (TicTacToe(), 50, 40, {}),
        (ConnectFour(), 50, 14, {}),
        (Goofspiel(), 100, 40, {"cards": 6}),
    ],
)
def test_it_beats_chance_by_far(engine: Any, iterations: int, games: int, options: Any) -> None:
    rules = Rules("a game", engine)
    mcts, chance = MctsPolicy(rules), RandomPolicy(rules)
    wins = 0
    for number in range(games):
        own = number % 2
        seats: list[Policy] = [mcts, chance] if own == 0 else [chance, mcts]
        wins += play(rules, seats, Budget(iterations), number, **options).winners == (own,)

    # A draw counts as a game that was not won.
    assert chance_of(wins, games) < 0.001, f"{wins} of {games}"


def test_more_thinking_wins_against_less() -> None:
    rules = Rules("goofspiel", Goofspiel())
    much, little = MctsPolicy(rules), Level(MctsPolicy(rules), 2)
    wins = 0
    for number in range(30):
        own = number % 2
        seats: list[Policy] = [much, little] if own == 0 else [little, much]
        wins += play(rules, seats, Budget(150), number, cards=6).winners == (own,)

    assert chance_of(wins, 30) < 0.01, f"{wins} of 30"


class Level:
    """A policy that thinks only so long, whatever it is allowed."""

    def __init__(self, policy: Policy, iterations: int) -> None:
        self._policy, self._budget = policy, Budget(iterations)

    def choose(self, state: Any, seat: int, budget: Budget, rng: Random) -> Any:
        return self._policy.choose(state, seat, self._budget, rng)


def test_the_same_chance_gives_the_same_action() -> None:
    rules = Rules("goofspiel", Goofspiel())
    state = rules.engine.new_game(3, {"cards": 13}, Random(1))

    def choose(seed: int) -> Any:
        return MctsPolicy(rules).choose(state, 1, Budget(30), Random(seed))

    assert [choose(seed) for seed in range(8)] == [choose(seed) for seed in range(8)]
    assert len({choose(seed) for seed in range(8)}) > 1


def test_it_takes_a_win_and_stops_one() -> None:
    policy = MctsPolicy(Rules("tic-tac-toe", TicTacToe()))

    def choose(marks: str) -> Any:
        board = tuple({"X": 0, "O": 1, ".": None}[mark] for mark in marks)
        return policy.choose(board, board.count(0) - board.count(1), Budget(300), Random(1))

    assert choose("XX.OO....") == 2
    assert choose("XX..O....") == 2
    assert choose("O.X.XX.O.") in (3, 6)


# --- what it knows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "options"),
    [(Goofspiel(), {"cards": 6}), (DealtKuhn(), {}), (PenniesOrLottery(), {})],
)
def test_states_that_the_seat_cannot_tell_apart_give_the_same_action(
    engine: Any, options: Any
) -> None:
    rules = Rules("a game", engine)
    policy = MctsPolicy(rules)
    others = 0
    for seed in range(20):
        rng = Random(seed)
        state = engine.new_game(2, options, rng)
        while to_act := sorted(engine.to_act(state)):
            seat = rng.choice(to_act)
            other = engine.redeal(state, seat, rng)
            others += other != state
            assert engine.view(other, seat) == engine.view(state, seat)
            chosen = [policy.choose(one, seat, Budget(12), Random(seed)) for one in (state, other)]
            assert chosen[0] == chosen[1]
            state = engine.apply(state, seat, chosen[0], rng)
    assert others > 10


def test_it_does_not_know_what_lies_face_down() -> None:
    rules = Rules("guess", GuessTheCard())
    policy = MctsPolicy(rules)
    won = sum(bool(play(rules, [policy], Budget(50), seed).winners) for seed in range(100))

    assert 8 <= won <= 35  # of 100, where a fifth is what can be had and a peep would win them all


def test_a_game_that_hides_something_and_cannot_redeal_it_is_refused() -> None:
    with pytest.raises(PolicyNotAvailable, match="mcts cannot play kuhn: it hides information"):
        MctsPolicy(Rules("kuhn", Kuhn()))


# --- all kinds of games -------------------------------------------------------------------------


def test_those_who_act_at_once_do_not_answer_each_other() -> None:
    rules = Rules("pennies", PenniesOrLottery())
    state = rules.engine.new_game(2, {}, Random())
    chosen = {MctsPolicy(rules).choose(state, 0, Budget(400), Random(seed)) for seed in range(10)}

    # Against one who answers what you show, a lot of four would be the best that is left.
    assert chosen <= {"heads", "tails"}


@pytest.mark.parametrize("seat", [0, 1])
def test_nobody_forestalls_it_in_its_thoughts(seat: int) -> None:
    rules = Rules("snap", Snap())
    state = rules.engine.new_game(2, {}, Random())

    assert MctsPolicy(rules).choose(state, seat, Budget(30), Random(1)) == "snap"


@pytest.mark.parametrize("seat", [0, 1, 2])
def test_it_plays_with_three_and_acts_for_any_of_them(seat: int) -> None:
    rules = Rules("race", Race())
    said = [0, *([1] * (seat + 3)), 5]
    state = {"seats": 3, "said": said, "goal": 7, "stride": 2, "reverse": False}
    (to_act,) = rules.engine.to_act(state)

    assert MctsPolicy(rules).choose(state, to_act, Budget(60), Random(seat)) == 7


def test_it_finds_a_good_action_among_too_many_to_list() -> None:
    rules = Rules("multiple", NameAMultiple())

    for seed in range(10):
        _, number = MctsPolicy(rules).choose(None, 1, Budget(400), Random(seed))
        assert number % 4 == 0


def test_a_tuple_that_is_listed_is_played_as_the_list_that_a_client_sends() -> None:
    chosen = MctsPolicy(Rules("pairs", TakePairs())).choose(None, 1, Budget(60), Random(1))

    assert chosen == ["number", 8]


def test_it_speaks_as_a_client_does_where_actions_are_no_json() -> None:
    rules = Rules("walker", Walker())
    state = rules.engine.new_game(2, {}, Random(1))

    assert MctsPolicy(rules).choose(state, 0, Budget(10), Random(1)) in Walker.names


def test_actions_that_can_be_neither_listed_nor_sampled_are_refused() -> None:
    rules = Rules("essay", ListsNoActionsAndSamplesNone())
    rules.perfect_information = True

    with pytest.raises(PolicyNotAvailable, match="no sample_action"):
        MctsPolicy(rules).choose((), 0, Budget(10), Random(1))


# --- how long it thinks -------------------------------------------------------------------------


def test_a_game_without_an_end_is_cut_off() -> None:
    rules = Rules("never", NeverEnds())
    rules.perfect_information = True
    state = rules.engine.new_game(2, {}, Random(1))

    assert MctsPolicy(rules).choose(state, 0, Budget(20, depth=5), Random(1)) in range(9)


def test_it_stops_when_it_is_told() -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(len(asked) == 4)
        return asked[-1]

    rules = Rules("tic-tac-toe", TicTacToe())
    chosen = MctsPolicy(rules).choose((None,) * 9, 0, Budget(10_000, stop=stop), Random(1))

    assert chosen in range(9)
    assert len(asked) == 5


def test_where_there_is_one_action_it_does_not_think() -> None:
    rules = Rules("tic-tac-toe", TicTacToe())
    board = (0, 1, 0, 1, 0, 1, 1, None, 1)

    def stop() -> bool:
        raise AssertionError

    assert MctsPolicy(rules).choose(board, 0, Budget(stop=stop), Random(1)) == 7
