"""What a client may ask for: options within bounds, and nothing that the library cannot bear."""

from __future__ import annotations

import subprocess
import sys
from random import Random
from typing import Any

import msgspec
import pytest

from meeple.engine.rules import Rules
from meeple.engines.openspiel import OpenSpiel
from meeple.engines.openspiel.bounds import BOUNDS
from meeple.engines.openspiel.registry import on_offer
from meeple.errors import InvalidMessage

KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def rules(name: str) -> Rules:
    return Rules(f"openspiel:{name}", OpenSpiel().engine(name))


def test_every_option_is_a_parameter_of_its_game() -> None:
    kinds = on_offer()
    for name, bounds in BOUNDS.items():
        assert bounds.keys() <= kinds[name].parameter_specification.keys(), name


def test_no_option_is_a_path_or_a_seed() -> None:
    for bounds in BOUNDS.values():
        assert not [name for name in bounds if name.endswith(("file", "root", "seed", "grid"))]


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_the_defaults_are_within_the_bounds(name: str) -> None:
    options = rules(name).options({})
    assert rules(name).options(options) == options


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("go", {"board_size": 100_000}),
        ("go", {"board_size": -1}),
        ("go", {"board_size": 2**63}),
        ("go", {"board_size": "9"}),
        ("go", {"board_size": True}),
        ("go", {"komi": 1e300}),
        ("go", {"players": 3}),
        ("nim", {"pile_sizes": "1000000000"}),
        ("nim", {"pile_sizes": "1;" * 1000 + "1"}),
        ("nim", {"pile_sizes": "a"}),
        ("bargaining", {"instances_file": "/etc/passwd"}),
        ("amazons", {"board_size": 7}),
        ("backgammon", {"scoring_type": "x"}),
        ("tic_tac_toe", {"fen": ""}),
        # Each within its bounds, but not together.
        ("checkers", {"rows": 5}),
        ("coin_game", {"rows": 4, "columns": 4, "num_extra_coin_colors": 2}),
        ("coin_game", {"rows": 4, "columns": 4, "num_coins_per_color": 4}),
    ],
)
def test_what_is_out_of_bounds_or_does_not_go_together_is_refused(
    name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidMessage, match="options"):
        rules(name).options(options)


@pytest.mark.parametrize(
    "fen",
    [
        "x",
        "8/8/8/8/8/8/8/8 w - - 0 1",
        "4k3/8/8/8/8/8/8/8 w - - 0 1",
        "4k3/8/8/8/8/8/8/4K3/8 w - - 0 1",
        "4k4/8/8/8/8/8/8/4K3 w - - 0 1",
        "4k3/8/8/8/8/8/8/3KK3 w - - 0 1",
        "4k2P/8/8/8/8/8/8/4K3 w - - 0 1",
        "4k3/8/8/8/8/8/8/4K3 w K - 0 1",
        "4k3/8/8/8/8/8/8/4K3 w - e6 0 1",
        "4k3/8/8/8/8/8/8/4K3 w - - 0 0",
        "4k3/8/8/8/8/8/8/4K3 w - - 100 1",
        "4k3/4R3/8/8/8/8/8/4K3 w - - 0 1",
        "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1",
        "k7/8/8/8/8/8/8/4K3 w - - 0 1\n",
        "4k3/pppppppp/pppppppp/8/8/8/8/4K3 w - - 0 1",
    ],
)
def test_a_position_that_cannot_be_played_is_refused(fen: str) -> None:
    with pytest.raises(InvalidMessage, match=r"fen|nothing to play"):
        rules("chess").options({"fen": fen})


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"fen": "4k3/8/8/8/8/8/8/4K3 w - - 100 1"},
            "halfmove clock of 100 or more the game is over",
        ),
        ({"fen": "4k3/8/8/8/8/8/8/4K3 w - - 7000 1"}, "halfmove clock of 100 or more"),
        ({"fen": "4k3/8/8/8/8/8/8/4K3 w - -"}, "six fields"),
        ({"fen": KIWIPETE, "chess960": True}, "chess960 draws its own position"),
    ],
)
def test_what_is_wrong_with_a_position_is_told(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidMessage, match=why):
        rules("chess").options(options)


def test_a_draw_that_is_near_can_be_played() -> None:
    rules("chess").options({"fen": "4k3/8/8/8/8/8/4P3/4K3 w - - 99 80"})


def test_a_position_and_chess960_do_not_go_together() -> None:
    assert rules("chess").options({"fen": KIWIPETE})["fen"] == KIWIPETE
    with pytest.raises(InvalidMessage, match="chess960"):
        rules("chess").options({"fen": KIWIPETE, "chess960": True})


def test_a_pawn_that_has_just_passed_can_be_taken() -> None:
    engine = OpenSpiel().engine("chess")
    fen = "4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 2"
    options = msgspec.to_builtins(msgspec.convert({"fen": fen}, engine.Options))
    assert "exd6" in engine.legal_actions(engine.new_game(2, options, Random(0)), 1)


def test_options_change_the_game() -> None:
    engine = OpenSpiel().engine("go")
    options = msgspec.to_builtins(msgspec.convert({"board_size": 9}, engine.Options))
    assert engine.view(engine.new_game(2, options, Random(0)), 0)["board"]["rows"] == 9


def test_the_ends_of_the_bounds_can_be_played() -> None:
    # Where the library does not check it may end the process; so this is one of its own, and
    # `make openspiel` does the same for all games.
    names = ["hanabi", "hex", "crazyhouse", "snake", "social_deduction", "universal_poker"]
    command = [sys.executable, "-m", "tests.openspiel.corners", *names]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)
