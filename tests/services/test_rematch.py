"""A rematch is made once, whoever agrees to it where, and whoever dies over it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from meeple.cli.verify import verify_log
from meeple.engine.log import EntryKind, GameStatus
from meeple.engine.offers import OfferKind
from meeple.errors import GameOver, NoOffer, OfferNotAllowed, OfferTooSoon, Unavailable
from meeple.services.projection import GameState
from meeple.store.memory import MemoryGameLog
from tests.services.engines import Solo
from tests.services.house import ANN, BEN, EVE, START, House, Node, gate, within

REMATCH = OfferKind.REMATCH


class Crashed(BaseException):
    """The process is no more."""


async def over(node: Node, engine: str = "tic-tac-toe", **options: Any) -> str:
    """A game of Ann against Ben that Ben has resigned."""
    game_id = await node.table(engine, **options)
    await node.resign(game_id, BEN)
    return game_id


def rematch_of(state: GameState) -> str:
    assert isinstance(state.rematch, str)
    return state.rematch


async def games_of(house: House) -> list[str]:
    page = await house.log.list_games(public_only=False)
    return [row.game_id for row in page.games]


async def test_a_rematch_is_the_same_game_with_the_seats_swapped(any_house: House) -> None:
    node = any_house.node()
    game_id = await over(node, "goofspiel", options={"cards": 5}, public=False, chat=False)
    await node.join("ann", game_id, ANN)
    await node.spectate("eve", game_id)
    await node.offer(game_id, ANN, REMATCH)
    await node.answer(game_id, BEN, REMATCH, True)
    new = rematch_of(await node.state(game_id))
    state = await node.state(new, ANN)
    assert (state.status, state.seat, state.seq) == (GameStatus.LIVE, 1, START)
    assert [player.name for player in state.players] == ["Ben", "Ann"]
    old_log, new_log = await any_house.log.read(game_id), await any_house.log.read(new)
    first, second = old_log[0].payload, new_log[0].payload
    assert second == first | {"seed": second["seed"], "rematch_of": game_id}
    assert second["seed"] != first["seed"]
    assert (second["options"]["cards"], second["public"], second["chat"]) == (5, False, False)
    for sid in ("ann", "eve"):
        told = [one.payload for one in node.viewers.inbox[sid] if one.event == "game:rematch"]
        assert [(one.game_id, one.new_game_id) for one in told] == [(game_id, new)]
    # And it is told who comes back later.
    await node.join("again", game_id, ANN, last_seq=START)
    assert node.viewers.inbox["again"][-1].event == "game:rematch"
    assert await verify_log(any_house.log, any_house.shelf) == (2, [])


async def test_who_offers_a_rematch_that_is_offered_accepts_it(house: House) -> None:
    node = house.node()
    game_id = await over(node)
    await node.offer(game_id, BEN, REMATCH)
    await node.offer(game_id, ANN, REMATCH)
    new = rematch_of(await node.state(game_id))
    await node.act(new, BEN, 4)
    with pytest.raises(OfferNotAllowed, match="already"):
        await node.offer(game_id, BEN, REMATCH)
    with pytest.raises(GameOver):
        await node.act(game_id, ANN, 4)


async def test_a_rematch_has_a_rematch(house: House) -> None:
    node = house.node()
    game_id = await over(node)
    for _ in range(2):
        await node.offer(game_id, BEN, REMATCH)
        await node.offer(game_id, ANN, REMATCH)
        game_id = rematch_of(await node.state(game_id))
        await node.resign(game_id, ANN)
    names = [player.name for player in (await node.state(game_id)).players]
    assert names == ["Ann", "Ben"]


async def test_a_rematch_that_was_declined_is_for_the_other_to_offer(house: House) -> None:
    node = house.node()
    game_id = await over(node)
    await node.offer(game_id, ANN, REMATCH)
    await node.answer(game_id, BEN, REMATCH, False)
    with pytest.raises(OfferTooSoon):
        await node.offer(game_id, ANN, REMATCH)
    with pytest.raises(NoOffer):
        await node.answer(game_id, BEN, REMATCH, True)
    await node.offer(game_id, BEN, REMATCH)
    await node.answer(game_id, ANN, REMATCH, True)
    assert len(await games_of(house)) == 2


async def test_nobody_goes_on_from_a_game_that_never_was(house: House) -> None:
    node = house.node()
    game_id = (await node.create()).game_id
    await node.games.abort(game_id, ANN.user_id)
    with pytest.raises(OfferNotAllowed):
        await node.offer(game_id, ANN, REMATCH)


async def test_who_plays_alone_need_not_ask(house: House) -> None:
    node = house.node()
    game_id = (await node.create("solo", seats=1)).game_id
    for _ in range(Solo.length):
        await node.act(game_id, ANN, "x")
    await node.offer(game_id, ANN, REMATCH)
    assert (await house.kinds(game_id))[-2:] == ["offered", "answered"]
    new = rematch_of(await node.state(game_id))
    assert (await node.state(new, ANN)).to_act == (0,)


async def test_two_nodes_that_offer_at_once_make_one_rematch(any_house: House) -> None:
    one, other = any_house.node(), any_house.node()
    game_id = await over(one)
    await other.state(game_id)
    await one.join("ann", game_id, ANN)
    await other.join("ben", game_id, BEN)
    await asyncio.gather(one.offer(game_id, ANN, REMATCH), other.offer(game_id, BEN, REMATCH))
    states = [await node.state(game_id) for node in (one, other, any_house.node())]
    [new] = {rematch_of(state) for state in states if state.rematch}
    assert sorted(await games_of(any_house)) == sorted([game_id, new])
    kinds = await any_house.kinds(game_id)
    assert kinds[-2:] == ["offered", "answered"]
    assert await any_house.seqs(new) == list(range(START + 1))
    assert {player.name for player in (await other.state(new)).players} == {"Ann", "Ben"}


async def test_two_nodes_that_make_the_same_rematch_at_once_make_one(any_house: House) -> None:
    """One has agreed, and is about to make it; another learns of the agreement and makes it."""
    one, other = any_house.node(), any_house.node()
    game_id = await over(one)
    await one.offer(game_id, ANN, REMATCH)
    await other.state(game_id)
    reached, opened, wait = gate()

    async def then_wait() -> None:
        any_house.log.before = wait

    any_house.log.after = then_wait
    answering = asyncio.create_task(one.answer(game_id, BEN, REMATCH, True))
    await within(reached.wait())
    # Refused by what it knew, it looks into the log, and makes what is agreed there.
    with pytest.raises(OfferNotAllowed):
        await other.offer(game_id, BEN, REMATCH)
    new = rematch_of(await other.state(game_id))
    await other.act(new, BEN, 4)
    opened.set()
    await within(answering)
    assert rematch_of(await one.state(game_id)) == new
    await one.act(new, ANN, 0)
    assert await any_house.seqs(new) == list(range(START + 3))
    assert len(await games_of(any_house)) == 2


@pytest.mark.parametrize("who", ["comes back", "looks", "answers again", "reads the log"])
async def test_a_node_that_dies_between_agreement_and_rematch_leaves_it_to_others(
    any_house: House, who: str
) -> None:
    dying, other = any_house.node(), any_house.node()
    game_id = await over(dying)
    await dying.spectate("eve", game_id)
    await dying.offer(game_id, ANN, REMATCH)
    agreed = START + 4

    async def die() -> None:
        raise Crashed

    async def then_die() -> None:
        any_house.log.before = die

    any_house.log.after = then_die
    with pytest.raises(Crashed):
        await dying.answer(game_id, BEN, REMATCH, True, action_id="yes")
    # Nobody was told of what is not there.
    assert dying.viewers.seqs("eve")[-1] == agreed - 1
    assert await any_house.seqs(game_id) == list(range(agreed + 1))
    assert await games_of(any_house) == [game_id]

    if who == "comes back":
        await other.join("ben", game_id, BEN)
        assert other.viewers.inbox["ben"][-1].payload.rematch
    elif who == "answers again":
        receipt = await other.answer(game_id, BEN, REMATCH, True, action_id="yes")
        assert receipt.seq == agreed
    elif who == "reads the log":
        assert (await other.replay(game_id))[-1].kind is EntryKind.ANSWERED
    assert len(await games_of(any_house)) == (1 if who == "looks" else 2)
    new = rematch_of(await other.state(game_id))
    assert [player.name for player in (await other.state(new)).players] == ["Ben", "Ann"]
    assert len(await games_of(any_house)) == 2
    assert await verify_log(any_house.log, any_house.shelf) == (2, [])


async def test_a_rematch_that_could_not_be_written_is_made_by_the_resend(house: House) -> None:
    node = house.node()
    game_id = await over(node)
    await node.spectate("eve", game_id)
    await node.offer(game_id, ANN, REMATCH)

    async def fail() -> None:
        raise Unavailable

    async def then_fail() -> None:
        house.log.before = fail

    house.log.after = then_fail
    with pytest.raises(Unavailable):
        await node.answer(game_id, BEN, REMATCH, True, action_id="yes")
    assert "game:rematch" not in [one.event for one in node.viewers.inbox["eve"]]
    receipt = await node.answer(game_id, BEN, REMATCH, True, action_id="yes")
    assert receipt.seq == START + 4
    new = rematch_of(await node.state(game_id))
    assert node.viewers.inbox["eve"][-1].payload.new_game_id == new
    assert node.viewers.seqs("eve") == list(range(START + 2, receipt.seq + 1))
    assert len(await games_of(house)) == 2


async def test_the_seed_of_a_rematch_follows_from_the_secret_alone() -> None:
    seeds = set()
    for _ in range(2):
        house = House(MemoryGameLog())
        node = house.node()
        game_id = await over(node)
        await node.offer(game_id, ANN, REMATCH)
        await node.answer(game_id, BEN, REMATCH, True)
        new = rematch_of(await node.state(game_id))
        [created, *_] = await house.log.read(new)
        seeds.add(created.payload["seed"])
        assert len(bytes.fromhex(created.payload["seed"])) == 32
        for player in (None, ANN, EVE):
            [shown, *_] = await node.replay(new, player)
            assert "seed" not in (shown.payload or {})
    assert len(seeds) == 1
