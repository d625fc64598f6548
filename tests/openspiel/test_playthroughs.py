"""A few random playthroughs of some games through a real server; `make openspiel` plays all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from tests.openspiel.playthrough import House, house

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLE = {
    "backgammon": 40,
    "chess": 40,
    "crazy_eights": 30,
    "gin_rummy": 40,
    "goofspiel": 30,
    "leduc_poker": 30,
    "matrix_rps": 30,
    "pig": 30,
    "tarok": 30,
    "tic_tac_toe": 30,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played_in(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(str(tmp_path_factory.mktemp("house")), groups=2) as opened:
        yield opened


@pytest.mark.parametrize(("name", "longest"), SAMPLE.items())
async def test_a_game_through_the_server_is_the_librarys(
    played_in: House, name: str, longest: int
) -> None:
    plays = (played_in.play(name, Random(f"{name} {n}"), longest) for n in range(2))
    assert min(await asyncio.gather(*plays)) > 0
