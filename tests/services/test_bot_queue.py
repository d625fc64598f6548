"""Whose bot thinks next."""

from __future__ import annotations

import asyncio
from uuid import UUID

from meeple.services.bot_queue import BotQueue, Wait

ANN, BEN, EVE = UUID(int=1), UUID(int=2), UUID(int=3)
DEAR, CHEAP = 3200, 25


def queue_of(*waits: tuple[str, UUID, int]) -> BotQueue:
    queue = BotQueue()
    for wait in waits:
        queue.put(Wait(*wait))
    return queue


async def order(queue: BotQueue, number: int) -> list[str]:
    return [(await queue.get()).game_id for _ in range(number)]


async def test_creators_take_turns_and_each_ones_tables_keep_their_order() -> None:
    queue = queue_of(("a1", ANN, 9), ("a2", ANN, 9), ("a3", ANN, 9), ("b1", BEN, 9), ("b2", BEN, 9))
    assert queue.creators == 2
    assert await order(queue, 5) == ["a1", "b1", "a2", "b2", "a3"]
    assert queue.creators == 0


async def test_who_comes_with_little_is_next_whenever_that_is() -> None:
    crowd = [
        (f"{user}-{table}", UUID(int=100 + user), DEAR) for table in range(6) for user in range(12)
    ]
    queue = queue_of(*crowd)
    for number in range(30):
        await queue.get()
        game = f"cheap {number}"
        queue.put(Wait(game, ANN, CHEAP))
        assert await order(queue, 1) == [game]


async def test_nobody_waits_for_ever_behind_those_who_ask_for_little() -> None:
    queue = queue_of(("dear", ANN, DEAR))
    for number in range(2 * DEAR // CHEAP + 2):
        queue.put(Wait(f"cheap {number}", UUID(int=1000 + number), CHEAP))
        if (await queue.get()).game_id == "dear":
            return
    raise AssertionError("it never came")


async def test_a_table_that_waits_already_keeps_its_place() -> None:
    queue = queue_of(("a", ANN, 9), ("b", BEN, 9), ("a", ANN, 1))
    assert await order(queue, 2) == ["a", "b"]
    queue.put(Wait("a", ANN, 9))
    assert await order(queue, 1) == ["a"]


async def test_several_wait_for_tables_and_each_table_is_given_once() -> None:
    queue = BotQueue()
    getting = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    for name, user in (("a", ANN), ("b", BEN)):
        queue.put(Wait(name, user, 1))
    assert {(await one).game_id for one in getting} == {"a", "b"}
    last = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert not last.done()
    queue.put(Wait("c", EVE, 1))
    assert (await last).game_id == "c"
