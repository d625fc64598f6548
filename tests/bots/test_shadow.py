"""A bot's copy of a game follows it back when an action is taken back."""

from __future__ import annotations

from meeple.client.bots.shadow import Shadow
from meeple.engine.offers import OfferKind
from meeple.engine.rules import Rules
from meeple.engines.tic_tac_toe import TicTacToe
from meeple.store.memory import MemoryGameLog
from tests.services.house import ANN, BEN, House


async def test_it_goes_back_with_the_game_and_tells_what_still_stands() -> None:
    node = House(MemoryGameLog()).node()
    game_id = await node.table()
    shadow = Shadow(Rules("tic-tac-toe", TicTacToe()))

    async def follow() -> tuple[int, list[tuple[int, object]]]:
        kept, played = shadow.follow(await node.replay(game_id), await node.state(game_id))
        return kept, [(one.seat, one.action) for one in played]

    for player, cell in ((ANN, 4), (BEN, 0), (ANN, 8)):
        await node.act(game_id, player, cell)
    assert await follow() == (0, [(0, 4), (1, 0), (0, 8)])
    await node.offer(game_id, BEN, OfferKind.TAKEBACK)
    assert await follow() == (3, [])
    await node.answer(game_id, ANN, OfferKind.TAKEBACK, True)
    await node.act(game_id, BEN, 2)
    assert await follow() == (1, [(1, 2)])
    await node.act(game_id, ANN, 8)
    assert await follow() == (2, [(0, 8)])
