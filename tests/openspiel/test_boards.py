"""The boards and tables that a page can draw: they show what the text shows, and no more."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from meeple.engines.openspiel import OpenSpiel
from meeple.engines.openspiel.boards import BOARDS
from meeple.engines.openspiel.boards.cards import CARDS
from tests.openspiel.test_engines import begin, defaults, engine

GRIDS = sorted(BOARDS.keys() - CARDS.keys())
#: Games in which every action but a pass is a click on the board.
CLICKED = ("breakthrough", "checkers", "chess", "clobber", "connect_four", "gomoku", "hex", "mnk")


def positions(name: str, actions: int = 40, seed: int = 1) -> list[Any]:
    """A random game's states."""
    game, rng = engine(name), Random(seed)
    states = [game.new_game(game.seats[0], defaults(game), rng)]
    while len(states) <= actions and (to_act := game.to_act(states[-1])):
        state, seat = states[-1], rng.choice(to_act)
        action = rng.choice(game.legal_actions(state, seat))
        states.append(game.apply(state, seat, action, rng))
    return states


def play(name: str, *actions: str, **options: Any) -> tuple[Any, Any]:
    game, state, rng = begin(name, **options)
    for action in actions:
        state = game.apply(state, game.to_act(state)[0], action, rng)
    return game, state


def test_the_games_that_must_have_a_board_have_one() -> None:
    assert {
        *(
            "amazons",
            "backgammon",
            "breakthrough",
            "checkers",
            "chess",
            "connect_four",
            "go",
            "hex",
        ),
        *("othello", "shogi", "tic_tac_toe", "xiangqi"),
    } <= set(GRIDS)
    assert {
        *("crazy_eights", "gin_rummy", "hearts", "leduc_poker", "spades", "universal_poker")
    } <= CARDS.keys()
    assert BOARDS.keys() <= set(OpenSpiel().names())


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_whole_and_its_moves_lie_on_it(name: str) -> None:
    game = engine(name)
    for state in positions(name):
        for seat in range(game.seats[0]):
            board = game.view(state, seat)["board"]
            size = board["rows"] * board["columns"]
            assert board["kind"] == "grid"
            assert len(board["cells"]) == size
            assert all(cell is None or {"piece", "seat"} <= cell.keys() for cell in board["cells"])
            touched = [cell for cells in board.get("moves", {}).values() for cell in cells]
            assert all(0 <= cell < size for cell in [*touched, *board.get("last", [])])
            if "labels" in board:
                labels = board["labels"]
                assert (len(labels["rows"]), len(labels["columns"])) == (
                    board["rows"],
                    board["columns"],
                )


@pytest.mark.parametrize("name", CLICKED)
def test_every_action_is_a_click_and_starts_on_an_own_piece_or_an_empty_cell(name: str) -> None:
    game = engine(name)
    for state in positions(name)[:-1]:
        (seat,) = game.to_act(state)
        board = game.view(state, seat)["board"]
        assert list(board["moves"]) == game.legal_actions(state, seat)
        for cells in board["moves"].values():
            first = board["cells"][cells[0]]
            assert (first is None) == (len(cells) == 1)
            assert first is None or first["seat"] == seat


@pytest.mark.parametrize("name", ["breakthrough", "chess", "othello", "shogi", "tic_tac_toe"])
def test_the_last_move_ends_on_a_piece_of_whoever_made_it(name: str) -> None:
    game = engine(name)
    states = positions(name)
    for before, after in pairwise(states):
        board = game.view(after, None)["board"]
        if "last" in board:
            assert board["cells"][board["last"][-1]]["seat"] == game.to_act(before)[0]


def test_castling_is_a_click_on_king_and_square() -> None:
    fen = "4k3/8/8/8/8/8/8/4K2R w K - 0 1"
    game, state = play("chess", fen=fen)
    board = game.view(state, 1)["board"]
    assert board["moves"]["O-O"] == [60, 62]
    assert board["cells"][63] == {"piece": "rook", "seat": 1}


def test_captured_pieces_are_held_in_shogi_and_crazyhouse() -> None:
    for name in ("shogi", "crazyhouse"):
        hands = [
            engine(name).view(state, None)["board"]["aside"]["hands"]
            for state in positions(name, 200)
        ]
        assert any(held for hand in hands for held in hand), name
        assert all(count > 0 for hand in hands for held in hand for count in held.values())


def test_backgammon_always_has_fifteen_checkers_a_side() -> None:
    game = engine("backgammon")
    for state in positions("backgammon", 300):
        board = game.view(state, None)["board"]
        points = [cell for cell in board["cells"] if cell is not None]
        for seat in (0, 1):
            on_board = sum(cell["count"] for cell in points if cell["seat"] == seat)
            aside = board["aside"]
            assert on_board + aside["bar"][seat] + aside["off"][seat] == 15


def test_a_board_in_the_dark_shows_what_its_own_text_shows() -> None:
    game = engine("dark_chess")
    for state in positions("dark_chess"):
        for seat in (0, 1):
            view = game.view(state, seat)
            unknown = [c for c in view["board"]["cells"] if c and c["piece"] == "unknown"]
            assert len(unknown) == view["text"].split()[0].count("?")
            assert "last" not in view["board"]
            assert ("moves" in view["board"]) == (seat in game.to_act(state))
        assert "board" not in game.view(state, None)


@pytest.mark.parametrize("name", sorted(CARDS))
def test_a_table_shows_every_card_once_and_of_the_other_hands_only_the_backs(name: str) -> None:
    game = engine(name)
    seats = game.seats[0]
    for state in positions(name, 60):
        for seat in range(seats):
            board = game.view(state, seat)["board"]
            shown = [card["id"] for zone in board["zones"] for card in zone["cards"] if card]
            assert len(set(shown)) == len(shown)
            hands = {zone["seat"]: zone for zone in board["zones"] if zone["name"] == "hand"}
            assert hands.keys() == set(range(seats))
            assert not [c for other in hands if other != seat for c in hands[other]["cards"] if c]
            assert all(zone["count"] == len(zone["cards"]) for zone in board["zones"])
            named = [card for ids in board.get("moves", {}).values() for card in ids]
            assert set(named) <= set(shown)


@pytest.mark.parametrize("name", ["gin_rummy", "crazy_eights"])
def test_the_backs_of_a_hand_are_as_many_as_its_owner_sees_cards(name: str) -> None:
    game = engine(name)
    for state in positions(name, 60):
        views = [game.view(state, seat)["board"]["zones"] for seat in range(game.seats[0])]
        sizes = [
            {zone["seat"]: zone["count"] for zone in zones if zone["name"] == "hand"}
            for zones in views
        ]
        assert all(size == sizes[0] for size in sizes)


@pytest.mark.parametrize("name", ["hearts", "spades"])
def test_a_card_that_is_played_leaves_the_hand_for_the_trick(name: str) -> None:
    game = engine(name)
    suit_first = name == "spades"
    for state in positions(name, 60)[:-1]:
        (seat,) = game.to_act(state)
        moves = game.view(state, seat)["board"].get("moves", {})
        for action in game.legal_actions(state, seat):
            if re.fullmatch("[2-9TJQKA][CDHS]|[CDHS][2-9TJQKA]", action):
                rank, suit = action[suit_first], action[not suit_first]
                assert moves[action] == [rank + suit.lower()]


def test_two_packs_have_two_of_a_card() -> None:
    game = engine("crazy_eights")
    text = (
        "Currently I have: \nSuit C: 22        8             \nSuit D:   \nSuit H:   \nSuit S:   \n"
        "Previous card: DJ\nPrevious suit: D\n"
        "Starting counterclockwise, other players have: 3, 5, 5, 5, 5, 5 cards.\n"
    )
    assert game.board is not None
    board = game.board.draw(text, 2)
    assert board is not None
    assert [card["id"] for card in board["zones"][0]["cards"]] == ["2c", "2c#2", "8c"]
    assert [zone["seat"] for zone in board["zones"][:6]] == [2, 3, 4, 5, 0, 1]


def test_leduc_names_its_cards() -> None:
    game, state = play("leduc_poker")
    zones = game.view(state, 0)["board"]["zones"]
    assert zones[0]["cards"][0]["name"][0] in "JQK"
    assert zones[1]["cards"] == [None]


def test_poker_shows_the_board_cards_that_the_observation_leaves_out() -> None:
    game, state = play("universal_poker", "player=0 move=Call", "player=1 move=Call")
    zone = game.view(state, 0)["board"]["zones"][-1]
    assert (zone["name"], zone["count"]) == ("board", 1)
