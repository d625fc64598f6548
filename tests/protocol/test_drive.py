"""A coroutine is run without a task: at once, and on whenever what it awaits is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from structlog.testing import capture_logs

from meeple.socketio.drive import drive


async def _run(work: Coroutine[Any, Any, None]) -> None:
    """Drive to the end."""
    done = asyncio.Event()
    if not drive(work, lambda _: done.set(), None):
        await asyncio.wait_for(done.wait(), 5)


async def test_what_waits_for_nothing_runs_at_once_and_without_a_task() -> None:
    tasks: list[asyncio.Task[Any] | None] = []

    async def work() -> None:
        try:
            tasks.append(asyncio.current_task())
        except RuntimeError:
            tasks.append(None)

    # From a callback of the loop, as the transport does.
    ended = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(
        lambda: ended.set_result(drive(work(), tasks.append, None))
    )
    assert await ended is True
    assert tasks == [None]


async def test_what_waits_goes_on_from_there_and_says_when_it_has_ended() -> None:
    first: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    second: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    seen: list[object] = []

    async def work() -> None:
        seen.append(await first)
        seen.append(await second)

    assert drive(work(), seen.append, "done") is False
    assert seen == []
    first.set_result(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seen == [1]
    second.set_result(2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert seen == [1, 2, "done"]


async def test_a_future_that_is_done_already_is_no_wait() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    future.set_result(1)
    seen: list[int] = []

    async def work() -> None:
        seen.append(await future)

    assert drive(work(), seen.append, 0) is True
    assert seen == [1]


async def test_giving_others_their_turn_gives_them_their_turn() -> None:
    seen: list[str] = []

    async def work() -> None:
        for _ in range(2):
            seen.append("work")
            await asyncio.sleep(0)

    async def other() -> None:
        seen.append("other")

    task = asyncio.create_task(other())
    await _run(work())
    await task
    assert sorted(seen) == ["other", "work", "work"]
    assert seen[-1] == "work"


async def test_tasks_time_and_locks_may_be_awaited() -> None:
    lock = asyncio.Lock()
    seen: list[str] = []

    async def inner() -> str:
        async with asyncio.timeout(5):
            await asyncio.sleep(0.001)
        return "inner"

    async def work() -> None:
        async with lock:
            seen.append(await asyncio.create_task(inner()))
        await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0))
        seen.append("end")

    await lock.acquire()
    asyncio.get_running_loop().call_soon(lock.release)
    await _run(work())
    assert seen == ["inner", "end"]


@pytest.mark.parametrize("waits", [False, True])
async def test_an_exception_is_logged_and_is_an_end(waits: bool) -> None:
    async def work() -> None:
        if waits:
            await asyncio.sleep(0)
        raise ValueError("out of order")

    with capture_logs() as logs:
        await _run(work())
    assert [entry["event"] for entry in logs] == ["a handler failed"]


async def test_the_exception_of_what_is_awaited_comes_in_the_coroutine() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def work() -> None:
        try:
            await future
        except ValueError as error:
            seen.append(str(error))

    asyncio.get_running_loop().call_soon(future.set_exception, ValueError("no"))
    await _run(work())
    assert seen == ["no"]


async def test_a_cancelled_future_is_a_cancelled_coroutine_and_an_end() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def work() -> None:
        try:
            await future
        finally:
            seen.append("cleaned up")

    asyncio.get_running_loop().call_soon(future.cancel)
    with capture_logs() as logs:
        await _run(work())
    assert seen == ["cleaned up"]
    assert logs == []
