"""The games of OpenSpiel as engines: they keep to the rules of engines, and hide what is hidden."""

from __future__ import annotations

import subprocess
import sys
from random import Random
from typing import Any

import msgspec
import pyspiel
import pytest

from meeple.engine import IllegalAction, Outcome, Redeals
from meeple.engine.conformance import assert_engine
from meeple.engines.openspiel import OpenSpiel
from meeple.engines.openspiel.engine import SpielEngine
from meeple.engines.openspiel.position import Position
from meeple.engines.openspiel.registry import reason_left_out, registered
from meeple.errors import EngineNotFound
from tests.openspiel.table import PAGE, page

#: One of each kind: boards, cards, dice, puzzles, at once, in the dark, seeded, copied by replay.
SAMPLE = (
    "2048",
    "backgammon",
    "blackjack",
    "blotto",
    "chess",
    "dark_hex",
    "goofspiel",
    "hearts",
    "kuhn_poker",
    "leduc_poker",
    "liars_dice",
    "morpion_solitaire",
    "negotiation",
    "tarok",
    "tic_tac_toe",
    "universal_poker",
)


def engine(name: str) -> SpielEngine:
    return OpenSpiel().engine(name)


def defaults(game: SpielEngine) -> dict[str, Any]:
    options: dict[str, Any] = msgspec.to_builtins(game.Options())
    return options


def begin(name: str, seed: int = 0, **options: Any) -> tuple[SpielEngine, Position, Random]:
    game, rng = engine(name), Random(seed)
    given = msgspec.to_builtins(msgspec.convert(options, game.Options))
    return game, game.new_game(game.seats[0], given, rng), rng


@pytest.mark.parametrize("name", SAMPLE)
def test_a_game_keeps_to_the_rules_of_engines(name: str) -> None:
    assert_engine(engine(name), games=1, seed=7)


def test_every_game_that_loads_and_has_seats_is_on_offer_or_left_out_with_a_reason() -> None:
    names = OpenSpiel().names()
    assert len(names) > 100
    for name, kind in registered().items():
        assert (name in names) == (reason_left_out(kind) is None)


def test_the_page_of_the_games_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.openspiel.table"


def test_every_engine_says_what_it_is_without_a_game_being_loaded() -> None:
    for name in OpenSpiel().names():
        game = engine(name)
        assert game.summary.endswith("(OpenSpiel)")
        assert game.seats[0] >= 1
        msgspec.json.encode(game.Options())


@pytest.mark.parametrize("name", ["", "nosuch", "nfg_game", "mfg_garnet", "crossword", "x" * 9999])
def test_a_game_that_is_not_on_offer_is_not_found(name: str) -> None:
    with pytest.raises(EngineNotFound) as caught:
        engine(name)
    assert len(caught.value.message) < 200


def test_the_library_is_imported_only_when_a_game_is_asked_for() -> None:
    code = (
        "import sys; from meeple.bootstrap import engine_factory; catalog = engine_factory();"
        " catalog('tic-tac-toe'); assert 'pyspiel' not in sys.modules;"
        " catalog('openspiel:chess'); assert 'pyspiel' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_action_is_a_word_or_its_number() -> None:
    game, state, rng = begin("chess")
    (white,) = game.to_act(state)
    assert "Nf3" in game.legal_actions(state, white)
    number = state.words(white)["Nf3"]
    assert game.apply(state, white, "Nf3", rng) == game.apply(state, white, number, rng)
    assert game.listed_action(state, white, number) == "Nf3"


@pytest.mark.parametrize(
    "action", [99, -5, 10**30, True, 1.0, None, "", "Nf6", "0", [0], {"action": 0}]
)
def test_what_is_not_legal_never_reaches_the_library(action: Any) -> None:
    # It would take any number, and write where that leads.
    game, state, rng = begin("chess")
    with pytest.raises(IllegalAction):
        game.apply(state, 1, action, rng)
    assert game.listed_action(state, 1, action) == action


def test_nobody_plays_out_of_turn() -> None:
    game, state, rng = begin("tic_tac_toe")
    with pytest.raises(IllegalAction):
        game.apply(state, 1, game.legal_actions(state, 0)[0], rng)
    assert game.legal_actions(state, 1) == []


class TwoOfAName:
    """A state whose actions are printed alike."""

    def is_simultaneous_node(self) -> bool:
        return False

    def current_player(self) -> int:
        return 0

    def legal_actions(self, seat: int) -> list[int]:
        return [3, 5, 8]

    def action_to_string(self, seat: int, action: int) -> str:
        return "other" if action == 8 else "same"


def test_a_word_for_two_actions_gets_their_numbers() -> None:
    position = Position(TwoOfAName())
    assert position.words(0) == {"same #3": 3, "same #5": 5, "other": 8}
    with pytest.raises(IllegalAction):
        position.number(0, "same")


def test_a_simultaneous_action_is_shown_to_its_seat_alone_until_all_have_acted() -> None:
    game, state, rng = begin("matrix_rps")
    after = game.apply(state, 0, "Rock", rng)
    assert game.to_act(after) == [1]
    assert game.view(after, 0)["chosen"] == "Rock"
    assert game.view(after, 1) == game.view(state, 1)
    assert game.view(after, None) == game.view(state, None)
    over = game.apply(after, 1, "Paper", rng)
    assert game.outcome(over) == Outcome((1,), "scores", (-1.0, 1.0))


def test_a_draw_has_no_winners() -> None:
    game, state, rng = begin("matrix_rps")
    over = game.apply(game.apply(state, 1, "Rock", rng), 0, "Rock", rng)
    assert game.outcome(over) == Outcome((), "scores", (0.0, 0.0))


def test_spectators_of_a_game_with_secrets_see_what_is_public_or_whose_turn_it_is() -> None:
    game, state, _ = begin("hearts")
    assert game.view(state, None) == {"text": "Seat 0 is to act. Actions played: 0."}
    game, state, _ = begin("leduc_poker")
    assert "Private" in game.view(state, 0)["text"]
    assert "Private" not in game.view(state, None)["text"]
    assert "Money" in game.view(state, None)["text"]


def test_whoever_plays_alone_has_no_secrets() -> None:
    game, state, _ = begin("blackjack")
    assert game.view(state, None) == game.view(state, 0)


def test_a_redeal_deals_the_other_hand_anew_and_not_ones_own() -> None:
    game, state, rng = begin("gin_rummy")
    assert isinstance(game, Redeals)
    dealt = [game.redeal(state, 0, rng) for _ in range(3)]
    assert {game.view(one, 0)["text"] for one in dealt} == {game.view(state, 0)["text"]}
    assert len({game.view(one, 1)["text"] for one in dealt}) == 3
    assert not isinstance(engine("hearts"), Redeals)


def test_a_game_keeps_the_seats_that_it_was_made_for() -> None:
    game = engine("crazy_eights")
    state = game.new_game(7, defaults(game), Random(0))
    assert state.spiel.num_players() == 7


def test_bridge_goes_on_with_play_after_the_auction() -> None:
    game, state, rng = begin("bridge")
    for action in ("1♠", "Pass", "Pass", "Pass"):
        assert action in game.legal_actions(state, game.to_act(state)[0])
        state = game.apply(state, game.to_act(state)[0], action, rng)
    assert game.outcome(state) is None


def test_the_library_refuses_with_an_exception_and_does_not_end_the_process() -> None:
    with pytest.raises(pyspiel.SpielError):
        pyspiel.load_game("go", {"board_size": 100_000}).new_initial_state()


@pytest.mark.parametrize(
    ("fen", "drawn"),
    [
        ("4k3/8/8/8/8/8/8/4K2R w - - 0 1", {1}),
        ("4k2r/8/8/8/8/8/8/4K3 w - - 0 1", {0}),
        ("4k2r/8/8/8/8/8/8/4K2R w - - 0 1", set()),
        ("4k3/8/8/8/8/8/8/4K3 w - - 0 1", {0, 1}),
    ],
)
def test_who_has_nothing_but_a_king_does_not_win_on_time_at_chess(
    fen: str, drawn: set[int]
) -> None:
    """FIDE Laws of Chess, article 6.9. White is seat 1."""
    engine = OpenSpiel().engine("chess")
    state = engine.new_game(2, {"fen": fen, "chess960": False}, Random(0))
    assert {seat for seat in (0, 1) if engine.timeout_outcome(state, seat) is not None} == drawn


def test_other_games_are_lost_on_time() -> None:
    engine = OpenSpiel().engine("breakthrough")
    assert engine.timeout_outcome(engine.new_game(2, {}, Random(0)), 0) is None
