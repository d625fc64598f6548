"""What is said of a part that is slow, and of one that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from burner_redis import BurnerRedis

from meeple.errors import Unavailable
from meeple.services.connection_manager import ConnectionManager
from meeple.services.health import HANGS, Health
from meeple.store.memory import MemoryGameLog
from tests.harness import until
from tests.services.house import Hook, gate, within


class AskedLog(MemoryGameLog):
    """A log that answers as a test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.before_check: Hook | None = None
        self.answered = 0

    async def check(self) -> None:
        try:
            if self.before_check is not None:
                await self.before_check()
        finally:
            self.answered += 1


@pytest.fixture
def log() -> AskedLog:
    return AskedLog()


@pytest.fixture
async def health(log: AskedLog) -> AsyncIterator[Health]:
    connections = ConnectionManager(BurnerRedis)
    health = Health(log, connections, None)
    yield health
    await health.aclose()
    await connections.aclose()


async def away() -> None:
    raise Unavailable("the log is away")


async def said(health: Health) -> str:
    parts: dict[str, str] = await within(health.check())
    return parts["log"]


async def test_an_answer_in_time_is_told_at_once(log: AskedLog, health: Health) -> None:
    assert await said(health) == "ok"
    log.before_check = away
    assert await said(health) == "the log is away"
    log.before_check = None
    assert await said(health) == "ok"


async def test_what_is_slow_is_as_it_last_was_until_it_hangs(log: AskedLog, health: Health) -> None:
    assert await said(health) == "ok"
    _, opened, log.before_check = gate()
    assert await said(health) == "ok"
    async with asyncio.timeout(2 * HANGS):
        while (told := await said(health)) == "ok":
            pass
    assert told == "no answer for 2 s"
    opened.set()
    assert await said(health) == "ok"


async def test_what_answers_after_it_was_asked_is_told_to_who_asks_next(
    log: AskedLog, health: Health
) -> None:
    _, opened, wait = gate()

    async def away_late() -> None:
        await wait()
        await away()

    log.before_check = away_late
    assert await said(health) == "ok"
    opened.set()
    await until(lambda: log.answered == 1)
    _, _, log.before_check = gate()
    assert await said(health) == "the log is away"
