"""A thread of its own for a thing that only one thread may use, such as a SQLite connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class OwnThread(Generic[T]):
    """Makes the thing in a new thread, and runs everything that is done with it there, in order.

    Use `start` to make one.
    """

    def __init__(self, executor: ThreadPoolExecutor, thing: T) -> None:
        self._executor = executor
        self._thing = thing

    @classmethod
    async def start(cls, name: str, make: Callable[[], T]) -> OwnThread[T]:
        """Start a thread of that name and ``make`` the thing in it; raises what ``make`` raises."""
        executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        try:
            thing = await asyncio.get_running_loop().run_in_executor(executor, make)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(executor, thing)

    def call(self, function: Callable[[T], R]) -> asyncio.Future[R]:
        """Call ``function(thing)`` in the thread, after all calls before it."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._executor, function, self._thing)

    async def stop(self, close: Callable[[T], None]) -> None:
        """Call ``close(thing)`` after all calls before it, and end the thread."""
        try:
            await self.call(close)
        finally:
            self._executor.shutdown(wait=False)
