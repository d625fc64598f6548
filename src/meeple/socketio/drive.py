"""Runs a coroutine without a task: at once, and on from where a future that it awaits is done.

Most events are answered before they ever wait, and an action waits for one thing, its commit. A
task for each would cost more than the rules of most games. What is driven must not use what asks
for the current task (``asyncio.timeout``, task groups): it puts that into a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


def drive(coroutine: Coroutine[Any, Any, None], done: Callable[[T], None], argument: T) -> bool:
    """Run ``coroutine``; True if it ended at once, else ``done(argument)`` is called when it has.

    What it raises is logged: handlers answer for their own errors.
    """
    try:
        awaited = coroutine.send(None)
    except (StopIteration, asyncio.CancelledError):
        return True
    except Exception:
        log.exception("a handler failed")
        return True
    if awaited is None:
        # asyncio.sleep(0) and its like: on with the next turn of the loop.
        loop = asyncio.get_running_loop()
        awaited = loop.create_future()
        loop.call_soon(awaited.set_result, None)
    else:
        # What a task would do: the future was handed to us by its own __await__.
        awaited._asyncio_future_blocking = False
    awaited.add_done_callback(partial(_resume, coroutine, done, argument))
    return False


def _resume(
    coroutine: Coroutine[Any, Any, None], done: Callable[[T], None], argument: T, _: object
) -> None:
    if drive(coroutine, done, argument):
        done(argument)
