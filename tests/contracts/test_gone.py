"""The marks of who is gone, over an in-process Redis and a real one. Both must do the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meeple.protocols import Gone
from meeple.services.presence_scripts import MARK_TTL
from tests.contracts import test_connection_manager
from tests.contracts.test_connection_manager import ALICE, BOB, CAROL, House
from tests.valkey import valkey_server as valkey_server

started = test_connection_manager.house


@pytest.fixture
async def house(started: House) -> AsyncIterator[House]:
    """A house in which marks may be left behind: they outlive everybody's going."""
    yield started
    await started.everybody_leaves()
    if await started.keys():
        await started.wipe()


async def test_who_is_at_the_game_on_no_node_is_gone_on_every_node(house: House) -> None:
    one, other = house.node(), house.node()
    await house.come(one, ALICE, "g")
    await house.come(other, BOB, "g")
    bobs = await house.come(one, BOB, "g")
    since = house.clock.now_ms()
    await one.leave_game(bobs, "g")
    assert await one.mark_gone("g", {ALICE, BOB}, since, closed=True) == {}
    assert one.gone("g") == {}
    await other.unregister_connection("sid/1")
    assert await other.mark_gone("g", {ALICE, BOB}, since, closed=True) == {BOB: Gone(since, True)}
    assert one.gone("g") == {}  # it has not looked
    await one.players_in("g")
    assert one.gone("g") == {BOB: Gone(since, True)}
    assert await one.players_in("g") == {ALICE}


async def test_who_comes_back_on_any_node_is_not_gone(house: House) -> None:
    one, other = house.node(), house.node()
    await house.come(one, ALICE, "g")
    await one.mark_gone("g", {BOB}, house.clock.now_ms())
    assert BOB in one.gone("g")
    await house.come(other, BOB, "g")
    assert await one.players_in("g") == {ALICE, BOB}
    assert one.gone("g") == other.gone("g") == {}


async def test_a_late_disconnect_of_an_old_connection_makes_nobody_gone(house: House) -> None:
    one, other = house.node(), house.node()
    await house.come(one, ALICE, "g")
    old = await house.come(one, BOB, "g")
    await house.come(other, BOB, "g")
    await one.unregister_connection(old)
    assert await one.mark_gone("g", {BOB}, house.clock.now_ms()) == {}
    assert one.gone("g") == {}


async def test_the_first_mark_stays_and_leaving_on_purpose_says_more(house: House) -> None:
    node = house.node()
    first = house.clock.now_ms()
    await node.mark_gone("g", {ALICE}, first)
    assert await node.mark_gone("g", {ALICE}, first + 5) == {ALICE: Gone(first, False)}
    closed = {ALICE: Gone(first + 7, True)}
    assert await node.mark_gone("g", {ALICE}, first + 7, closed=True) == closed
    assert await node.mark_gone("g", {ALICE}, first + 9, closed=True) == closed
    assert await node.mark_gone("g", {ALICE}, first + 9) == closed


async def test_who_is_here_is_not_gone_even_if_redis_does_not_know(house: House) -> None:
    node = house.node()
    await house.come(node, ALICE, "g")
    await house.wipe()
    assert await node.mark_gone("g", {ALICE}, house.clock.now_ms()) == {}


async def test_a_mark_is_no_player_and_no_connection(house: House) -> None:
    node = house.node()
    await house.come(node, ALICE, "g")
    await node.mark_gone("g", {BOB}, house.clock.now_ms())
    assert await node.players_in("g") == {ALICE}
    assert await node.opponents_of("g", ALICE) == set()
    assert node.present("g") == {ALICE}
    assert await node.connections_of(BOB) == set()


async def test_a_mark_outlives_the_connections_beside_it_and_not_a_day(house: House) -> None:
    node = house.node()
    alices = await house.come(node, ALICE, "g")
    since = house.clock.now_ms()
    await node.mark_gone("g", {BOB}, since)
    await node.heartbeat(alices)
    assert MARK_TTL - 60 < await house.lifetime("meeple:game:g:players") <= MARK_TTL
    house.clock.advance(MARK_TTL - 1)
    await node.refresh()
    assert node.gone("g") == {BOB: Gone(since, False)}
    house.clock.advance(1)
    await node.refresh()
    assert node.gone("g") == {}


async def test_nobody_is_gone_since_before_the_node_started(house: House) -> None:
    one = house.node()
    lost = house.clock.now_ms()
    await house.come(one, ALICE, "g")
    await one.mark_gone("g", {BOB}, lost)
    house.clock.advance(60)
    late = house.node()
    started = house.clock.now_ms()
    house.clock.advance(5)
    await house.come(late, CAROL, "g")
    await late.players_in("g")
    assert late.gone("g") == {BOB: Gone(started, False)}
    found = await late.mark_gone("g", {BOB}, house.clock.now_ms())
    assert found == {BOB: Gone(started, False)}
    # Who was there all the time knows better.
    assert one.gone("g") == {BOB: Gone(lost, False)}


async def test_a_refresh_names_the_games_that_have_changed_elsewhere(house: House) -> None:
    one, other = house.node(), house.node()
    await house.come(one, ALICE, "g", "h")
    await one.refresh()
    assert await one.refresh() == set()
    bobs = await house.come(other, BOB, "g", "unseen")
    assert await one.refresh() == {"g"}
    assert await one.refresh() == set()
    await other.unregister_connection(bobs)
    assert await one.refresh() == {"g"}
    await other.mark_gone("h", {CAROL}, house.clock.now_ms())
    assert await one.refresh() == {"h"}
    await house.wipe()
    assert await one.refresh() == {"h"}


async def test_the_players_of_a_dead_node_change_their_games(house: House) -> None:
    one, other = house.node(), house.node()
    await house.come(one, ALICE, "g")
    await house.come(other, BOB, "g")
    await one.refresh()
    house.bury(other)
    house.clock.advance(31)
    assert await one.refresh() == {"g"}
    now = house.clock.now_ms()
    assert await one.mark_gone("g", {ALICE, BOB}, now) == {BOB: Gone(now, False)}


async def test_while_redis_fails_nobody_knows_who_is_gone(house: House) -> None:
    line = house.line()
    node = house.node(lambda: line)
    await house.come(node, ALICE, "g")
    await node.mark_gone("g", {BOB}, house.clock.now_ms())
    known = node.gone("g")
    line.cut = True
    assert await node.mark_gone("g", {BOB}, house.clock.now_ms(), closed=True) is None
    assert node.degraded
    assert node.gone("g") == known
    line.cut = False
    assert await node.refresh() == {"g"}  # all of them, for nobody knows what was missed
    assert await node.mark_gone("g", {BOB}, house.clock.now_ms()) == known


async def test_a_table_that_cannot_be_told_stops_no_sweep(house: House) -> None:
    one, other = house.node(ttl=0.3, clock=None), house.node(clock=None)
    told: asyncio.Queue[str] = asyncio.Queue()

    async def tell(game_id: str) -> None:
        told.put_nowait(game_id)
        raise RuntimeError("the table is broken")

    await house.come(one, ALICE, "g")
    running = asyncio.create_task(one.run(tell))
    try:
        bobs = await house.come(other, BOB, "g")
        await asyncio.wait_for(told.get(), 5)
        await other.unregister_connection(bobs)
        await asyncio.wait_for(told.get(), 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
