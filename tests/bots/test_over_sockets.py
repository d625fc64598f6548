"""The house's bots beat chance over sockets; `tests.bots.against_chance` plays longer matches."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bots.against_chance import SETTINGS, match
from tests.harness import server_process


@pytest.mark.process
@pytest.mark.parametrize(
    ("engine", "level", "games"),
    [
        ("tic-tac-toe", 5, 14),
        ("connect-four", 3, 10),
        ("duel", 2, 8),
        ("openspiel:gin_rummy", 2, 8),
    ],
)
async def test_mcts_beats_chance(tmp_path: Path, engine: str, level: int, games: int) -> None:
    async with server_process(tmp_path, **SETTINGS) as server:
        score = await match(server, engine, level, games)
        assert "bot plays by chance" not in server.output
    # It is not luck, or one of twenty times it is; games that nobody wins count for nothing.
    assert score.chance < 0.05, score
