"""Two whole nodes on one PostgreSQL: of those who race, one wins, and both nodes know who."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest

from meeple import bootstrap, config
from meeple.bootstrap import Node
from meeple.cli.verify import verify
from meeple.config import Settings
from meeple.errors import GameFull, GameOver, MeepleError, NotYourTurn
from tests.postgres import postgres as postgres
from tests.postgres import postgres_url as postgres_url
from tests.services.house import ANN, BEN, EVE, START


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    return config.load({}, database=postgres_url, data=str(tmp_path), bot_workers=0)


@pytest.fixture
async def nodes(settings: Settings) -> AsyncIterator[tuple[Node, Node]]:
    async with bootstrap.open_node(settings) as one, bootstrap.open_node(settings) as other:
        yield one, other


async def table(node: Node) -> str:
    """A started game of Ann's against Ben."""
    state = await node.games.create_game(ANN, "tic-tac-toe")
    await node.games.take_seat(state.game_id, BEN)
    return state.game_id


async def race(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_a_seat_goes_to_one_of_two(nodes: tuple[Node, Node], settings: Settings) -> None:
    one, other = nodes
    for _ in range(10):
        game_id = (await one.games.create_game(ANN, "tic-tac-toe")).game_id
        await other.games.reader.game_state(game_id, None)
        results = await race(one.games.take_seat(game_id, BEN), other.games.take_seat(game_id, EVE))
        refused = [result for result in results if isinstance(result, MeepleError)]
        assert [type(refusal) for refusal in refused] == [GameFull]
        states = [await node.games.reader.game_state(game_id, None) for node in nodes]
        assert states[0].players == states[1].players
    assert await verify(settings) == (10, [])


async def test_an_action_id_is_played_once(nodes: tuple[Node, Node], settings: Settings) -> None:
    one, other = nodes
    for _ in range(10):
        game_id = await table(one)
        await other.games.reader.game_state(game_id, None)
        receipts = await race(
            *(
                node.games.execute_action(game_id, ANN.user_id, 4, action_id="the same")
                for node in (one, other, one, other)
            )
        )
        assert [receipt.seq for receipt in receipts] == [START + 1] * 4
        assert len(await one.log.read(game_id)) == START + 2
    assert await verify(settings) == (10, [])


async def test_a_turn_is_played_once(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    game_id = await table(one)
    await other.games.reader.game_state(game_id, None)
    results = await race(
        one.games.execute_action(game_id, ANN.user_id, 4),
        other.games.execute_action(game_id, ANN.user_id, 0),
    )
    assert sum(isinstance(result, NotYourTurn) for result in results) == 1
    assert len(await other.log.read(game_id)) == START + 2


async def test_a_game_that_is_played_on_two_nodes_is_one_game(
    nodes: tuple[Node, Node], settings: Settings
) -> None:
    one, other = nodes
    game_id = await table(one)
    for turn, cell in enumerate((0, 3, 1, 4, 2)):
        node, player = ((one, ANN), (other, BEN))[turn % 2]
        await node.games.execute_action(game_id, player.user_id, cell, action_id=f"{turn}")
    outcome = (await one.games.reader.game_state(game_id, None)).outcome
    assert outcome is not None
    assert outcome.winners == (0,)
    with pytest.raises(GameOver):
        await other.games.execute_action(game_id, BEN.user_id, 8)
    assert await verify(settings) == (1, [])
