"""The bots of OpenSpiel's games: the library's search, by what a seat can see."""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import msgspec
import pytest

from meeple.bots import Budget, policy_for
from meeple.engine import Redeals
from meeple.engine.rules import Rules
from meeple.engines.openspiel import OpenSpiel, gin_rummy
from meeple.engines.openspiel.position import Position
from meeple.engines.openspiel.thinking import GuessingEngine
from meeple.errors import PolicyNotAvailable


def begin(name: str, seed: int = 0, **options: Any) -> tuple[Any, Position]:
    game = OpenSpiel().engine(name)
    given = msgspec.to_builtins(msgspec.convert(options, game.Options))
    return game, game.new_game(game.seats[0], given, Random(seed))


def play_on(game: Any, state: Position, actions: int, rng: Random) -> Position:
    """Some actions later: whoever can knock or lay a meld does, all else is chance."""
    for _ in range(actions):
        to_act = game.to_act(state)
        if not to_act:
            break
        numbers = state.numbers(to_act[0])
        state = game.apply(state, to_act[0], max(numbers[-1], rng.choice(numbers)), rng)
    return state


@pytest.mark.parametrize("name", ["tic_tac_toe", "chess", "backgammon", "gin_rummy", "leduc_poker"])
def test_a_bot_chooses_the_same_by_the_same_chance(name: str) -> None:
    game, state = begin(name)
    (seat,) = game.to_act(state)
    once, again = (game.choose_action(state, seat, 30, Random(3)) for _ in range(2))
    assert once == again
    assert once in game.legal_actions(state, seat)


def test_what_others_have_just_chosen_is_chosen_anew() -> None:
    game, state = begin("matrix_rps")
    state = game.apply(state, 0, "Rock", Random(0))
    assert game.redeal(state, 0, Random(0)) == state
    assert {game.redeal(state, 1, Random(seed)).pending[0] for seed in range(20)} == {0, 1, 2}
    rules = Rules("openspiel:matrix_rps", game)
    assert policy_for("mcts", rules).choose(state, 1, Budget(iterations=20), Random(0))


def test_it_finds_the_move_that_wins() -> None:
    game, state = begin("tic_tac_toe")
    for seat, action in ((0, 0), (1, 3), (0, 1), (1, 4)):
        state = game.apply(state, seat, action, Random(0))
    assert game.choose_action(state, 0, 100, Random(1)) == "x(0,2)"


@pytest.mark.parametrize("options", [{}, {"hand_size": 7}, {"oklahoma": True}])
def test_gin_rummy_is_dealt_anew_from_what_a_seat_knows(options: dict[str, Any]) -> None:
    dealt = 0
    for seed in range(4):
        game, state = begin("gin_rummy", seed, **options)
        rng = Random(seed)
        while game.to_act(state):
            for seat in (0, 1):
                one = game.redeal(state, seat, Random(seed))
                if one is None:
                    continue
                dealt += 1
                assert game.view(one, seat) == game.view(state, seat)
                assert one.numbers(seat) == state.numbers(seat)
                assert game.redeal(one, seat, Random(seed)) == one
            state = play_on(game, state, 5, rng)
    assert dealt > 50


def test_gin_rummy_is_dealt_anew_after_the_other_has_knocked() -> None:
    laid = 0
    for seed in range(40):
        game, state = begin("gin_rummy", seed)
        rng = Random(seed)
        while (to_act := game.to_act(state)) and str(state.spiel.current_phase()) != "Phase.LAYOFF":
            state = play_on(game, state, 1, rng)
        for seat in to_act:
            one = game.redeal(state, seat, rng)
            assert one is not None
            assert game.view(one, seat) == game.view(state, seat)
            laid += 1
    assert laid


def test_the_bot_of_gin_rummy_cannot_see_hidden_cards() -> None:
    for seed in range(4):
        game, state = begin("gin_rummy", seed)
        state = play_on(game, state, 6 * seed, Random(seed))
        (seat,) = game.to_act(state)
        # The library deals the other hand otherwise; the seat sees the same.
        other = Position(state.spiel.resample_from_infostate(seat, Random(9).random))
        assert game.view(other, 1 - seat) != game.view(state, 1 - seat)
        assert game.view(other, seat) == game.view(state, seat)
        mine, theirs = (game.redeal(one, seat, Random(5)) for one in (state, state))
        assert mine == theirs
        rules = Rules("openspiel:gin_rummy", game)
        redealt = game.redeal(state, seat, Random(6))
        choices = {
            policy_for("mcts", rules).choose(one, seat, Budget(iterations=20), Random(5))
            for one in (state, redealt)
        }
        assert len(choices) == 1


def test_a_spectator_is_not_dealt_for() -> None:
    game, state = begin("leduc_poker")
    assert isinstance(game, Redeals)
    assert game.redeal(state, None, Random(0)) is None


def test_the_other_must_lay_its_melds_before_it_can_be_dealt_for() -> None:
    game, state = begin("gin_rummy")
    rng = Random(0)
    while gin_rummy.KNOCK not in state.numbers(seat := game.to_act(state)[0]):
        state = game.apply(state, seat, game.choose_action(state, seat, 1, rng), rng)
    knocked = game.apply(state, seat, gin_rummy.KNOCK, rng)
    assert game.redeal(knocked, 1 - seat, rng) is None
    assert game.redeal(knocked, seat, rng) is not None


def test_a_game_that_hides_something_and_cannot_deal_has_no_bot() -> None:
    with pytest.raises(PolicyNotAvailable):
        policy_for("mcts", Rules("openspiel:hearts", OpenSpiel().engine("hearts")))


def test_an_engine_is_made_again_in_another_process_by_its_name() -> None:
    game = OpenSpiel().engine("gin_rummy")
    again = pickle.loads(pickle.dumps(game))
    assert isinstance(again, GuessingEngine)
    assert again.Options.__struct_fields__ == game.Options.__struct_fields__


@pytest.mark.parametrize(("prob_end", "dealt"), [(0.0, True), (0.3, False)])
def test_a_bargain_that_chance_may_end_is_not_dealt_anew(prob_end: float, dealt: bool) -> None:
    game, state = begin("bargaining", prob_end=prob_end, max_turns=8)
    state = play_on(game, state, 2, Random(1))
    assert (game.redeal(state, 0, Random(0)) is not None) == dealt
