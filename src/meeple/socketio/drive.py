"""Runs a coroutine without a task: at once, and on from where a future that it awaits is done.

Most events are answered before they ever wait, and an action waits for one thing, its commit. A
task for each would cost more than the rules of most games. What is driven must not use what asks
for the current task (``asyncio.timeout``, task groups): it puts that into a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


def drive(coroutine: Coroutine[Any, Any, None], done: Callable[[T], None], argument: T) -> bool:
    """Run ``coroutine``; True if it ended at once, else ``done(argument)`` is called when it has.

    What it raises is logged: handlers answer for their own errors.
    """
    waiting = _step(coroutine)
    if waiting is None:
        return True

    def resume(_: Any) -> None:
        following = _step(coroutine)
        if following is None:
            done(argument)
        else:
            following.add_done_callback(resume)

    waiting.add_done_callback(resume)
    return False


def _step(coroutine: Coroutine[Any, Any, None]) -> asyncio.Future[Any] | None:
    """Run on to the next future that is awaited; None at the end."""
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    except asyncio.CancelledError:
        return None
    except Exception:
        log.exception("a handler failed")
        return None
    if awaited is None:
        # asyncio.sleep(0) and its like: on with the next turn of the loop.
        loop = asyncio.get_running_loop()
        awaited = loop.create_future()
        loop.call_soon(awaited.set_result, None)
    else:
        # What a task would do: the future was handed to us by its own __await__.
        awaited._asyncio_future_blocking = False
    future: asyncio.Future[Any] = awaited
    return future
