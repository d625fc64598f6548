"""Who is gone and may be claimed over: by the rules, and between two nodes that share a Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET
from redis.asyncio import Redis

from meeple.engine.log import Bot, EntryKind, GameStatus, Player
from meeple.errors import (
    GameNotFound,
    GameNotStarted,
    GameOver,
    InvalidMessage,
    NotClaimable,
    NotInGame,
    Unavailable,
)
from meeple.protocols import Gone
from meeple.services import claims
from meeple.services.connection_manager import ConnectionManager
from meeple.services.projection import GoneView, PlayerView
from meeple.store.memory import MemoryGameLog
from tests.services.house import ANN, BEN, EVE, START, House, Node, gate, within
from tests.valkey import Valkey
from tests.valkey import valkey_server as valkey_server


def gone(house: House, player: Player, seconds: float, *, closed: bool = False) -> None:
    """The player has been gone for so many seconds."""
    house.room.users.discard(player.user_id)
    since = house.clock.now - int(seconds * 1000)
    house.room.marks[player.user_id] = Gone(since, closed)


# --- when one may claim -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "closed", "seconds"),
    [
        ({}, False, 120),
        ({}, True, 10),
        ({"claim_after": 30}, False, 30),
        ({"claim_after": 30}, True, 10),
        ({"time_control": {"kind": "fischer", "initial": 180, "increment": 2}}, False, 40),
        ({"time_control": {"kind": "delay", "initial": 600, "delay": 5}}, False, 80),
        ({"time_control": {"kind": "byo_yomi", "main": 0, "periods": 5, "period": 60}}, False, 120),
    ],
)
async def test_a_claim_counts_from_its_second_on_and_not_before(
    house: House, setting: dict[str, Any], closed: bool, seconds: int
) -> None:
    node = house.node()
    game_id = await node.table(**setting)
    gone(house, BEN, seconds - 0.001, closed=closed)
    shown = (await node.state(game_id, ANN)).players[1].gone
    assert isinstance(shown, GoneView)
    assert (shown.claimable_at, shown.closed) == (house.clock.now + 1, closed)
    with pytest.raises(NotClaimable, match=r"Ben may still come back: claim in 1 s"):
        await node.claim(game_id, ANN)
    house.clock.now += 1
    assert (await node.claim(game_id, ANN)).seq == START + 1
    state = await node.state(game_id, ANN)
    assert state.outcome is not None
    assert (state.outcome.winners, state.outcome.reason) == ((0,), "abandoned")
    assert state.players[1].gone is UNSET
    entries = await node.replay(game_id, ANN)
    assert (entries[-2].kind, entries[-2].seat) == (EntryKind.ABANDONED, 1)
    assert entries[-2].payload == {"by": 0, "result": "win"}


async def test_a_draw_may_be_claimed_too(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    gone(house, BEN, 120)
    await node.claim(game_id, ANN, result="draw")
    outcome = (await node.state(game_id)).outcome
    assert outcome is not None
    assert (outcome.winners, outcome.reason) == ((), "draw_claimed")


async def test_the_faster_the_game_the_sooner_a_claim() -> None:
    assert [claims.claim_after(speed, False) for speed in claims.Speed] == [40, 80, 120]
    assert {claims.claim_after(speed, True) for speed in claims.Speed} == {10}


async def test_in_correspondence_nobody_need_be_there(house: House) -> None:
    node = house.node()
    game_id = await node.table(time_control={"kind": "correspondence", "days": 2})
    gone(house, BEN, 5000)
    assert (await node.state(game_id, ANN)).players[1].gone is UNSET
    with pytest.raises(NotClaimable):
        await node.claim(game_id, ANN)


@pytest.mark.parametrize("off", [None, 0])
async def test_a_table_may_have_no_claims(house: House, off: int | None) -> None:
    node = house.node()
    game_id = await node.table(claim_after=off)
    gone(house, BEN, 10_000)
    assert not isinstance((await node.state(game_id)).players[1].gone, GoneView)
    with pytest.raises(NotClaimable, match="no claims at this table"):
        await node.claim(game_id, ANN)


@pytest.mark.parametrize("seconds", [1, 19, 86_401, -1])
async def test_a_table_cannot_set_what_makes_no_sense(house: House, seconds: int) -> None:
    with pytest.raises(InvalidMessage, match="claim_after"):
        await house.node().create(claim_after=seconds)


async def test_the_setting_survives_in_the_log(any_house: House) -> None:
    game_id = await any_house.node().table(claim_after=30)
    gone(any_house, BEN, 30)
    later = any_house.node()
    assert (await later.replay(game_id))[0].payload["claim_after"] == 30  # type: ignore[index]
    await later.claim(game_id, ANN)


async def test_who_is_not_at_the_table_or_too_early_or_too_late_claims_nothing(
    house: House,
) -> None:
    node = house.node()
    game_id = (await node.create(seats=2)).game_id
    with pytest.raises(GameNotStarted):
        await node.claim(game_id, ANN)
    await node.sit(game_id, BEN)
    gone(house, BEN, 10_000)
    with pytest.raises(NotInGame):
        await node.claim(game_id, EVE)
    with pytest.raises(GameNotFound):
        await node.claim("none", ANN)
    house.room.users.add(BEN.user_id)
    with pytest.raises(NotClaimable, match="Ben is here"):
        await node.claim(game_id, ANN)
    await node.resign(game_id, BEN)
    with pytest.raises(GameOver):
        await node.claim(game_id, ANN)


async def test_while_presence_is_not_known_a_claim_is_unavailable(house: House) -> None:
    node = house.node()
    game_id = await node.table()
    gone(house, BEN, 120)
    house.room.open = False
    with pytest.raises(Unavailable):
        await node.claim(game_id, ANN, action_id="c")
    house.room.open = True
    other = house.node()
    await other.state(game_id)
    first = await node.claim(game_id, ANN, action_id="c")
    house.room.open = False
    assert await other.claim(game_id, ANN, action_id="c") == first


async def test_a_claim_that_is_sent_again_gets_the_first_ack(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await one.table("goofspiel", seats=3)
    await one.sit(game_id, EVE)
    gone(any_house, BEN, 120)
    gone(any_house, EVE, 120)
    first = await one.claim(game_id, ANN, action_id="c")
    any_house.room.users |= {BEN.user_id, EVE.user_id}  # both have come back meanwhile
    assert await one.claim(game_id, ANN, action_id="c") == first
    assert await other.claim(game_id, ANN, action_id="c") == first
    kinds = (await any_house.kinds(game_id))[first.seq :]
    assert kinds == [EntryKind.ABANDONED, EntryKind.ABANDONED, EntryKind.ENDED]


async def test_with_more_players_all_the_others_must_be_gone(house: House) -> None:
    node = house.node()
    game_id = await node.table("goofspiel", seats=3)
    await node.sit(game_id, EVE)
    gone(house, BEN, 10_000)
    house.room.users.add(EVE.user_id)
    with pytest.raises(NotClaimable, match="Eve is here"):
        await node.claim(game_id, ANN)
    gone(house, EVE, 119)
    with pytest.raises(NotClaimable, match="Eve may still come back"):
        await node.claim(game_id, ANN)


async def test_against_bots_alone_nobody_is_gone_and_nothing_is_claimed(house: House) -> None:
    players = (ANN, Player(UUID(int=9), "the bot", Bot("random", 1)))
    game_id = await house.node().table()
    game, _ = await house.node().games.position(game_id)
    game = msgspec.structs.replace(game, players=players, memo={})
    assert claims.watched(game) == frozenset()
    with pytest.raises(NotClaimable):
        claims.check(game, 0, {players[1].user_id: Gone(0, True)}, house.clock.now)


# --- two nodes ----------------------------------------------------------------------------------


class Pair(NamedTuple):
    """Two nodes over one log, and their presence on one Valkey."""

    house: House
    nodes: tuple[Node, Node]
    presence: tuple[ConnectionManager, ConnectionManager]

    async def come(self, at: int, sid: str, player: Player, game_id: str) -> None:
        """The player connects to a node, and joins as the transport has it."""
        await self.presence[at].register_connection(sid, player.user_id)
        await self.presence[at].join_game(sid, game_id)
        await self.nodes[at].join(sid, game_id, player)
        await self.nodes[at].games.viewers.announce_presence(game_id)

    async def go(self, at: int, sid: str, game_id: str, player: Player, *, closed: bool) -> None:
        self.nodes[at].games.viewers.leave(sid, game_id)
        await self.presence[at].unregister_connection(sid)
        await self.nodes[at].games.viewers.departed(game_id, player.user_id, closed=closed)

    async def sweep(self, at: int) -> None:
        """What a node does now and then."""
        for game_id in await self.presence[at].refresh():
            await self.nodes[at].games.viewers.announce_presence(game_id)

    def told(self, at: int, sid: str) -> PlayerView:
        """What the connection heard last of Ben, in seat 1."""
        last: PlayerView = self.nodes[at].viewers.inbox[sid][-1].payload.players[1]
        return last


@pytest.fixture
async def pair(valkey_server: Valkey) -> AsyncIterator[Pair]:
    house = House(MemoryGameLog())
    presence = tuple(
        ConnectionManager(lambda: Redis.from_url(valkey_server.url), clock=house.clock)
        for _ in range(2)
    )
    nodes = tuple(house.node(presence=one) for one in presence)
    yield Pair(house, (nodes[0], nodes[1]), (presence[0], presence[1]))
    for one in presence:
        await one.aclose()
    async with Redis.from_url(valkey_server.url) as raw:
        await raw.flushall()


async def test_who_leaves_on_one_node_is_gone_on_the_other_and_claimed_there(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    await pair.come(1, "ben", BEN, game_id)
    await pair.sweep(0)
    assert pair.told(0, "ann").online
    left_at = pair.house.clock.now
    await pair.go(1, "ben", game_id, BEN, closed=True)
    await pair.sweep(0)
    assert pair.told(0, "ann").gone == GoneView(left_at, left_at + 10_000, True)
    with pytest.raises(NotClaimable):
        await pair.nodes[0].claim(game_id, ANN)
    pair.house.clock.now += 10_000
    await pair.nodes[0].claim(game_id, ANN)
    with pytest.raises(GameOver):
        await pair.nodes[1].act(game_id, BEN, 0)


async def test_who_never_came_is_gone_since_the_start(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    started_at = pair.house.clock.now
    pair.house.clock.now += 3_600_000
    await pair.come(1, "ann", ANN, game_id)
    assert pair.told(1, "ann").gone == GoneView(started_at, started_at + 120_000, False)
    await pair.nodes[1].claim(game_id, ANN)


async def test_the_players_of_a_node_that_died_are_gone_by_a_line_that_broke(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    await pair.come(1, "ben", BEN, game_id)
    pair.house.clock.now += 31_000  # the other node renews nothing
    await pair.sweep(0)
    now = pair.house.clock.now
    assert pair.told(0, "ann").gone == GoneView(now, now + 120_000, False)
    # It was only stopped: it wakes up, and its players are there.
    await pair.sweep(1)
    await pair.sweep(0)
    assert pair.told(0, "ann") == PlayerView(1, BEN.user_id, "Ben", True)


async def test_when_redis_was_wiped_who_is_missing_counts_from_then_on(
    pair: Pair, valkey_server: Valkey
) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    pair.house.clock.now += 119_000
    async with Redis.from_url(valkey_server.url) as raw:
        await raw.flushall()
    pair.house.clock.now += 1_000
    with pytest.raises(NotClaimable):
        await pair.nodes[0].claim(game_id, ANN)
    await pair.sweep(0)
    now = pair.house.clock.now
    assert pair.told(0, "ann").gone == GoneView(now, now + 120_000, False)


async def test_a_return_before_the_claim_refuses_it(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    pair.house.clock.now += 120_000
    assert pair.told(0, "ann").gone is not None
    await pair.come(1, "ben", BEN, game_id)  # of which Ann's node has not heard
    assert not pair.told(0, "ann").online
    with pytest.raises(NotClaimable, match="Ben is here"):
        await pair.nodes[0].claim(game_id, ANN)
    await pair.nodes[0].act(game_id, ANN, 4)


async def test_a_return_after_the_append_sees_that_the_game_is_over(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    await pair.nodes[1].state(game_id)
    pair.house.clock.now += 120_000
    reached, opened, pair.house.log.before = gate()
    claiming = asyncio.create_task(pair.nodes[0].claim(game_id, ANN))
    await within(reached.wait())
    coming = asyncio.create_task(pair.come(1, "ben", BEN, game_id))
    opened.set()
    await within(claiming)
    await within(coming)
    assert (await pair.house.kinds(game_id))[-2:] == [EntryKind.ABANDONED, EntryKind.ENDED]
    with pytest.raises(GameOver):
        await pair.nodes[1].act(game_id, BEN, 0)


async def test_a_move_of_the_returned_beats_a_claim_that_is_on_its_way(pair: Pair) -> None:
    game_id = await pair.nodes[0].table()
    await pair.come(0, "ann", ANN, game_id)
    await pair.nodes[0].act(game_id, ANN, 4)
    pair.house.clock.now += 120_000

    async def ben_returns_and_plays() -> None:
        await pair.come(1, "ben", BEN, game_id)
        await pair.nodes[1].act(game_id, BEN, 0)

    pair.house.log.before = ben_returns_and_plays
    # The log has moved on, so it is looked up and decided again: he is here.
    with pytest.raises(NotClaimable, match="Ben is here"):
        await pair.nodes[0].claim(game_id, ANN)
    assert (await pair.nodes[0].state(game_id)).status is GameStatus.LIVE
