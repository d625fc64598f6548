"""An engine that raises, loops or shows megabytes: its own game's trouble, over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from meeple.client import Client, Refused, Rest
from meeple.config import Settings
from meeple.engine import Outcome
from meeple.services.engine_catalog import EngineCatalog
from meeple.services.tokens import TokenIssuer
from tests.harness import server_here

SECRET = "a secret of the tests, long enough"
ISSUER = TokenIssuer(SECRET)
#: Seconds that an engine may take here.
LIMIT = 0.5


class Wild:
    """Does what its last action says, in the method that it names."""

    seats = range(1, 2)

    def new_game(self, seats: int, options: Mapping[str, Any], rng: Random) -> str:
        return ""

    def to_act(self, state: str) -> list[int]:
        return [] if "outcome" in state else [0]

    def legal_actions(self, state: str, seat: int) -> Any:
        return self._do("legal_actions", state, None)

    def apply(self, state: str, seat: int, action: Any, rng: Random) -> str:
        self._do("apply", action, None)
        return str(action)

    def view(self, state: str, seat: int | None) -> Any:
        return self._do("view", state, state)

    def outcome(self, state: str) -> Any:
        return self._do("outcome", state, Outcome((0,), "said so"))

    def _do(self, method: str, state: str, usual: Any) -> Any:
        what, _, where = state.partition(" in ")
        if where != method:
            return usual
        if what == "loop":
            while True:
                pass
        if what == "much":
            much = "x" * 10_000_000
            return Outcome((0,), much) if method == "outcome" else [much]
        if what == "no JSON":
            return [object()]
        return self._fail(1) if what == "too deep" else 1 // 0

    def _fail(self, depth: int) -> int:
        return self._fail(depth + 1)


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    catalog = EngineCatalog(
        [
            EntryPoint("wild", "tests.wire.test_containment:Wild", "meeple.engines"),
            EntryPoint("tic-tac-toe", "meeple.engines.tic_tac_toe:TicTacToe", "meeple.engines"),
        ]
    )
    settings = Settings(data=str(tmp_path), secret=SECRET, engine_seconds=LIMIT)
    async with server_here(settings, catalog=catalog) as (url, _):
        yield url


def token() -> str:
    return ISSUER.issue(uuid4(), "Ann", 3600)[0]


async def new_game(url: str, engine: str, *tokens: str) -> str:
    """A game in which each token's user has a seat."""
    async with Rest(url, tokens[0]) as rest:
        game_id = (await rest.create_game(engine, seats=len(tokens))).game_id
    for other in tokens[1:]:
        async with Rest(url, other) as rest:
            await rest.take_seat(game_id)
    return game_id


@pytest.mark.parametrize(
    "wild",
    [
        *(f"{what} in apply" for what in ("raise", "loop", "too deep")),
        *(
            f"{what} in {method}"
            for what in ("raise", "loop", "too deep", "much", "no JSON")
            for method in ("view", "legal_actions", "outcome")
        ),
    ],
)
async def test_a_wild_engine_has_not_played_and_its_game_goes_on(url: str, wild: str) -> None:
    ann = token()
    game_id = await new_game(url, "wild", ann)
    async with Client(url, ann) as player:
        table = await player.join(game_id)
        before = table.seq
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(Refused) as refused:
                await table.act(wild)
            assert refused.value.code == "engine_error"
            assert time.monotonic() - start < 10 * LIMIT
        assert await table.act("peace") == before + 1
        await table.wait_for(lambda state: state.seq > before)
        assert table.state.view == "peace"


async def test_other_games_go_on_while_engines_loop(url: str) -> None:
    ann, ben, cid = token(), token(), token()
    wild_id, game_id = (
        await new_game(url, "wild", ann),
        await new_game(url, "tic-tac-toe", ben, cid),
    )
    async with AsyncExitStack() as stack:
        players = [
            await stack.enter_async_context(Client(url, access)) for access in (ann, ben, cid)
        ]
        wild = await players[0].join(wild_id)
        tables = [await player.join(game_id) for player in players[1:]]

        async def loop() -> str:
            with pytest.raises(Refused) as refused:
                await wild.act("loop in apply")
            return refused.value.code

        loops = [asyncio.create_task(loop()) for _ in range(3)]
        for number, cell in enumerate((0, 3, 1, 4, 2)):
            await tables[number % 2].act(cell)
        await tables[1].wait_for(lambda state: state.outcome is not None)
        assert tables[1].state.outcome == Outcome((0,), "line")
        assert await asyncio.gather(*loops) == ["engine_error"] * 3
