"""The house's bots beat chance over sockets; `tests.bots.against_chance` plays longer matches."""

from __future__ import annotations

from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from meeple.config import Settings
from tests.bots.against_chance import SETTINGS, match
from tests.harness import server_here


@pytest.mark.parametrize(
    ("engine", "level", "games"),
    [
        ("tic-tac-toe", 5, 14),
        ("connect-four", 3, 10),
        ("duel", 1, 6),
        ("openspiel:gin_rummy", 1, 5),
    ],
)
async def test_mcts_beats_chance(tmp_path: Path, engine: str, level: int, games: int) -> None:
    # The games, and the bots' thoughts in them, follow from these seeds.
    seeds = count()
    settings = Settings(
        data=str(tmp_path),
        secret="a secret that is only for these tests",
        rate=float(SETTINGS["rate"]),
        burst=float(SETTINGS["burst"]),
        bot_seconds=60,
    )
    async with server_here(settings, new_seed=lambda: sha256(b"%d" % next(seeds)).digest()) as (
        url,
        _,
    ):
        score = await match(url, engine, level, games)
    # It is not luck, or one of twenty times it is; games that nobody wins count for nothing.
    assert score.chance < 0.05, score
