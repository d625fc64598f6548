"""Which games of the library are on offer, and how one is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pyspiel

#: Why a game that loads by default is not on offer all the same.
LEFT_OUT: Mapping[str, str] = {
    "bridge_uncontested_bidding": (
        "every end of a game solves ten deals double-dummy, which is seconds of processor time"
    ),
    "crossword": "its actions are words that the library cannot list, and it needs puzzle files",
    "stones_and_gems": (
        "its chance is a generator inside the game object that nobody can seed for one action, so"
        " a log would not replay"
    ),
}

#: How many may play, where the library's own answer is too wide.
SEATS: Mapping[str, range] = {
    "chinese_checkers": range(2, 5),  # five cannot, and `seats` has no gaps
    "pathfinding": range(1, 2),  # its grid has one runner
    "snake": range(2, 3),  # three cannot
    "tiny_hanabi": range(2, 3),  # its payoffs are for two
    "universal_poker": range(2, 3),  # its blinds are for two
}

#: What these games are loaded with; no option of ours.
FIXED: Mapping[str, Mapping[str, Any]] = {
    # Else an end of the auction is followed by a second of solving instead of by play.
    "bridge": {"use_double_dummy_result": False},
    # Else the text is coloured for a terminal.
    "twixt": {"ansi_color_output": False},
}

#: Games whose deal comes from a generator in the game object: they are seeded from Meeple's.
SEEDED = frozenset({"negotiation", "tarok"})

#: Games that can deal anew what a seat cannot know (``resample_from_infostate``). Two that say so
#: cannot: hearts fails, or never ends, while cards are passed; universal_poker deals one hole card
#: where there are two.
RESAMPLED = frozenset(
    {
        "bargaining",
        "blackjack",
        "bridge",
        "colored_trails",
        "euchre",
        "gin_rummy",
        "kuhn_poker",
        "leduc_poker",
        "oh_hell",
    }
)

#: Those of them in which the library's search can think about a redealt state.
GUESSED = frozenset({"bridge", "euchre", "gin_rummy", "kuhn_poker", "leduc_poker", "oh_hell"})

#: Games whose states share memory with their copies, and read it when it is freed.
UNSAFE_COPIES = frozenset({"morpion_solitaire"})

#: Game objects kept; they are small, but for one or two.
KEPT = 256


@lru_cache(maxsize=1)
def registered() -> dict[str, Any]:
    """The library's description of every game that it knows, by short name."""
    return {one.short_name: one for one in pyspiel.registered_games()}


def reason_left_out(kind: Any) -> str | None:
    """Why a game is not on offer; None if it is."""
    if not kind.default_loadable:
        return "it needs a file or another game to be made of"
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        return "it is a mean-field game, which has no seats"
    return LEFT_OUT.get(kind.short_name)


def on_offer() -> dict[str, Any]:
    """The library's description of every game on offer, by short name."""
    return {name: kind for name, kind in registered().items() if reason_left_out(kind) is None}


def seats_of(kind: Any) -> range:
    """How many may play."""
    if kind.short_name in SEATS:
        return SEATS[kind.short_name]
    return range(kind.min_num_players, kind.max_num_players + 1)


def load(kind: Any, seats: int, options: Mapping[str, Any], seed: int | None = None) -> Any:
    """The library's game for so many seats.

    Args:
        kind: the library's description of it.
        seats: how many play.
        options: its parameters, by name; those that are the library's defaults may be among them.
        seed: for a game of `SEEDED`, what its deal follows from.

    Raises:
        pyspiel.SpielError: the library refuses these parameters together.
    """
    known = kind.parameter_specification
    given = {name: value for name, value in options.items() if name in known}
    parameters = {name: value for name, value in given.items() if value != known[name]}
    parameters |= FIXED.get(kind.short_name, {})
    if "players" in known and kind.max_num_players > 1:
        parameters["players"] = seats
    if seed is not None:
        return pyspiel.load_game(kind.short_name, parameters | {"rng_seed": seed})
    return _load(kind.short_name, tuple(sorted(parameters.items())))


@lru_cache(maxsize=KEPT)
def _load(name: str, parameters: tuple[tuple[str, Any], ...]) -> Any:
    return pyspiel.load_game(name, dict(parameters))
