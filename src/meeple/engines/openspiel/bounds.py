"""Which parameters of each game are options, and how far they may go.

Type and default come from the library. A parameter that is not here is not on offer: a file's path,
a seed, what only changes tensors, what would show one seat the secrets of another, and what the
library does not check. Bounds keep a game small enough for a server that runs thousands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Between(NamedTuple):
    """A number from ``low`` to ``high``; ``default`` where the library's own stands for another."""

    low: float
    high: float
    default: int | None = None


class OneOf(NamedTuple):
    """One of a few values."""

    values: tuple[str | int, ...]


class Matching(NamedTuple):
    """A text that a regular expression matches."""

    pattern: str


class YesNo(NamedTuple):
    """True or false."""


Bound = Between | OneOf | Matching | YesNo

Bounds = Mapping[str, Bound]

_YES_NO = YesNo()
_SIDE = Between(4, 9)
_LENGTH = Between(10, 1000)
_KOMI = Between(-20, 20)
_GO: Bounds = {"board_size": Between(5, 19), "handicap": Between(0, 9), "komi": _KOMI}
_PILE = "([1-9]|1[0-9]|20)"
_PHANTOM: Bounds = {
    "gameversion": OneOf(("classical", "abrupt")),
    "obstype": OneOf(("reveal-nothing", "reveal-numturns")),
}
_DARK_HEX: Bounds = {
    "num_cols": Between(2, 8),
    "num_rows": Between(2, 8),
    "gameversion": OneOf(("cdh", "adh")),
    "obstype": OneOf(("reveal-nothing", "reveal-numturns")),
}
_LIARS_DICE: Bounds = {
    "numdice": Between(1, 5),
    "dice_sides": Between(2, 8),
    "bidding_rule": OneOf(("reset-face", "reset-quantity")),
}

BOUNDS: Mapping[str, Bounds] = {
    "2048": {"max_tile": OneOf((64, 128, 256, 512, 1024, 2048, 4096))},
    "amazons": {"board_size": OneOf((6, 8, 10))},
    "backgammon": {
        "hyper_backgammon": _YES_NO,
        "max_player_turns": Between(10, 500),
        "scoring_type": OneOf(("winloss_scoring", "enable_gammons", "full_scoring")),
    },
    "banqi": {"max_no_progress": Between(10, 100)},
    "bargaining": {
        "discount": Between(0.5, 1),
        "max_turns": Between(2, 30),
        "prob_end": Between(0, 0.5),
    },
    "battleship": {
        "allow_repeated_shots": _YES_NO,
        "board_height": Between(6, 10),
        "board_width": Between(6, 10),
        "num_shots": Between(1, 60),
    },
    "blotto": {"coins": Between(2, 12), "fields": Between(2, 4)},
    "breakthrough": {"columns": Between(2, 12), "rows": Between(6, 9)},
    "bridge": {"dealer": Between(0, 3), "dealer_vul": _YES_NO, "non_dealer_vul": _YES_NO},
    "capture_the_flag": {"horizon": _LENGTH, "score_limit": Between(1, 10), "zero_sum": _YES_NO},
    "catch": {"columns": Between(2, 20), "rows": Between(2, 20)},
    "checkers": {"columns": _SIDE, "rows": _SIDE},
    "chess": {"chess960": _YES_NO},
    "chinese_checkers": {"max_moves": Between(50, 2000)},
    "cliff_walking": {
        "height": Between(3, 10),
        "horizon": Between(10, 500),
        "width": Between(3, 20),
    },
    "clobber": {"columns": Between(2, 12), "rows": Between(2, 9)},
    "coin_game": {
        "columns": Between(4, 12),
        "rows": Between(4, 12),
        "episode_length": Between(5, 100),
        "num_coins_per_color": Between(1, 4),
        "num_extra_coin_colors": Between(0, 2),
    },
    "connect_four": {
        "columns": Between(4, 12),
        "rows": Between(4, 12),
        "x_in_row": Between(3, 6),
    },
    "coop_box_pushing": {"horizon": Between(10, 500)},
    "crazy_eights": {
        "max_draw_cards": Between(1, 10),
        "max_turns": Between(10, 200),
        "reshuffle": _YES_NO,
        "use_special_cards": _YES_NO,
    },
    "crazyhouse": {
        "chess960": _YES_NO,
        "insanity": Between(0, 3),
        "king_of_hill": _YES_NO,
        "sticky_promotions": _YES_NO,
    },
    "cursor_go": {**_GO, "max_cursor_moves": Between(10, 100)},
    "dark_hex": _DARK_HEX,
    "dark_hex_ir": _DARK_HEX,
    "deep_sea": {"randomize_actions": _YES_NO, "size": Between(2, 20)},
    "dots_and_boxes": {
        "num_cols": Between(1, 8),
        "num_rows": Between(1, 8),
        "utility_margin": _YES_NO,
    },
    "euchre": {"allow_lone_defender": _YES_NO, "stick_the_dealer": _YES_NO},
    "first_sealed_auction": {"max_value": Between(2, 100)},
    "gin_rummy": {
        "gin_bonus": Between(0, 50),
        "hand_size": Between(7, 10),
        "knock_card": Between(0, 10),
        "oklahoma": _YES_NO,
        "undercut_bonus": Between(0, 50),
    },
    "go": _GO,
    "go_fish": {
        "ask_after_empty_draw": _YES_NO,
        "end_on_first_out": _YES_NO,
        "most_books_wins": _YES_NO,
    },
    "gomoku": {
        "anti": _YES_NO,
        "connect": Between(3, 6),
        "size": Between(5, 19),
        "wrap": _YES_NO,
    },
    "goofspiel": {
        "num_cards": Between(2, 13),
        "points_order": OneOf(("random", "descending", "ascending")),
        "returns_type": OneOf(("win_loss", "point_difference", "total_points")),
    },
    # Fewer cards than the hands need would end the process.
    "hanabi": {
        "colors": Between(4, 5, default=5),
        "max_information_tokens": Between(1, 8, default=8),
        "max_life_tokens": Between(1, 3, default=3),
        "ranks": Between(3, 5, default=5),
    },
    "havannah": {"board_size": Between(3, 10), "swap": _YES_NO},
    "hearts": dict.fromkeys(
        (
            "avoid_all_tricks_bonus",
            "can_lead_any_club",
            "can_lead_hearts_instead_of_qs",
            "jd_bonus",
            "must_break_hearts",
            "no_pts_on_first_trick",
            "pass_cards",
            "qs_breaks_hearts",
        ),
        _YES_NO,
    ),
    "hex": {"num_cols": Between(2, 19), "num_rows": Between(2, 19), "swap": _YES_NO},
    "hive": {"uses_ladybug": _YES_NO, "uses_mosquito": _YES_NO, "uses_pillbug": _YES_NO},
    "kriegspiel": {"threefold_repetition": _YES_NO},
    "laser_tag": {"horizon": _LENGTH, "zero_sum": _YES_NO},
    "liars_dice": _LIARS_DICE,
    "liars_dice_ir": {**_LIARS_DICE, "recall_length": Between(1, 10)},
    "lines_of_action": {"max_game_length": Between(50, 1000)},
    "maedn": {"twoPlayersOpposite": _YES_NO},
    "markov_soccer": {"horizon": _LENGTH},
    "mnk": {"k": Between(3, 6), "m": Between(3, 19), "n": Between(3, 19)},
    "negotiation": {
        "num_items": Between(1, 4),
        "num_symbols": Between(1, 6),
        "utterance_dim": Between(1, 3),
    },
    "nim": {"is_misere": _YES_NO, "pile_sizes": Matching(f"^{_PILE}(;{_PILE}){{0,6}}$")},
    "oh_hell": {"off_bid_penalty": _YES_NO, "points_per_trick": Between(1, 10)},
    "oshi_zumo": {
        "alesia": _YES_NO,
        "coins": Between(5, 100),
        "horizon": _LENGTH,
        "size": Between(1, 10),
    },
    "oware": {"num_houses_per_player": Between(3, 8), "num_seeds_per_house": Between(2, 8)},
    "pathfinding": {"horizon": _LENGTH},
    "phantom_go": {"board_size": Between(5, 13), "handicap": Between(0, 9), "komi": _KOMI},
    "phantom_ttt": _PHANTOM,
    "phantom_ttt_ir": _PHANTOM,
    "pig": {
        "diceoutcomes": Between(2, 20),
        "horizon": _LENGTH,
        "piglet": _YES_NO,
        "winscore": Between(10, 200),
    },
    "quoridor": {"board_size": Between(3, 11), "wall_count": Between(0, 20)},
    "rbc": {
        "sense_border": _YES_NO,
        "sense_centered": _YES_NO,
        "sense_size": Between(1, 4),
    },
    "repeated_leduc_poker": {"num_hands": Between(1, 20)},
    "sheriff": {
        "max_bribe": Between(1, 10),
        "max_items": Between(1, 10),
        "num_rounds": Between(1, 8),
    },
    "snake": {"columns": Between(5, 20), "horizon": Between(10, 500), "rows": Between(5, 20)},
    "social_deduction": {
        "imposters": Between(1, 3),
        "max_rounds": Between(1, 30),
        "observation_noise": Between(0, 0.5),
    },
    "solitaire": {"depth_limit": Between(50, 500)},
    "spades": {"use_mercy_rule": _YES_NO, "win_threshold": Between(0, 1000)},
    "trade_comm": {"num_items": Between(2, 20)},
    "twixt": {"board_size": Between(5, 24)},
    "universal_poker": {
        "bettingAbstraction": OneOf(("fcpa", "fchpa", "fc")),
        "numHoleCards": Between(1, 2),
        "numRanks": Between(3, 13),
        "numSuits": Between(2, 4),
    },
    "y": {"board_size": Between(5, 19)},
    "yacht": {"rolls_per_turn": Between(1, 5), "sort_dice": _YES_NO},
}
