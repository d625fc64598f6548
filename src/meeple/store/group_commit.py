"""Group commit: what arrives while one transaction is written goes together in the next.

There is no timer. A lone item is written at once; under load a batch is as large as the commit
before it was slow, so one fsync serves many.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from meeple.errors import Unavailable
from meeple.stats import Histogram

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: The ranges of the histograms: seconds, and items.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

#: Starts to write a batch in one transaction. The future says of each item why it was left out
#: (None: it is committed), or raises if the transaction failed as a whole.
WriteBatch: TypeAlias = Callable[[list[T]], asyncio.Future[list[Exception | None]]]

_Batch: TypeAlias = list[tuple[T, asyncio.Future[None]]]


@dataclass
class CommitStats:
    """Counters for metrics; they only grow.

    Attributes:
        batches: transactions that were tried.
        failed_batches: those of them that failed as a whole.
        committed: items that were committed.
        rejected: items that were left out of a transaction that succeeded.
        refused: items that were not taken because too many were waiting.
        write_seconds: how long the transactions took.
        batch_sizes: how many items the transactions had.
    """

    batches: int = 0
    failed_batches: int = 0
    committed: int = 0
    rejected: int = 0
    refused: int = 0
    write_seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    batch_sizes: Histogram = field(default_factory=lambda: Histogram(SIZES))


class GroupCommit(Generic[T]):
    """Gathers items and hands them to ``write``, one batch at a time, in order of arrival.

    Make it and use it in one event loop.

    Args:
        write: writes a batch.
        max_batch: items in a batch, at most.
        max_pending: items that wait for their batch, at most.
    """

    def __init__(self, write: WriteBatch[T], *, max_batch: int, max_pending: int) -> None:
        if max_batch < 1 or max_pending < 1:
            raise ValueError("max_batch and max_pending must be at least 1.")
        self.stats = CommitStats()
        #: Whether the last batch could not be written.
        self.failing = False
        self._write = write
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._loop = asyncio.get_running_loop()
        self._pending: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._writing: asyncio.Future[list[Exception | None]] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def pending(self) -> int:
        """How many items wait for their batch."""
        return len(self._pending)

    def submit(self, item: T) -> asyncio.Future[None]:
        """The future is done when the item is committed.

        If it is cancelled meanwhile, the item is committed all the same or not at all.

        Raises:
            Unavailable: it was not taken, or its transaction failed.
            Exception: what ``write`` said of the item.
        """
        if self._closed:
            raise Unavailable("The log is closed.")
        if len(self._pending) >= self._max_pending:
            self.stats.refused += 1
            raise Unavailable("Too many appends are waiting; try again.")
        waiter = self._loop.create_future()
        self._pending.append((item, waiter))
        if self._idle.is_set():
            self._idle.clear()
            # In the next turn of the loop, so that the whole of this turn shares the batch.
            self._loop.call_soon(self._next_batch)
        return waiter

    async def aclose(self) -> None:
        """Take no more items, and return when those that were taken are written."""
        self._closed = True
        await self._idle.wait()

    # Callbacks and not a task: a task could be cancelled by others, and then a batch would be
    # written that nobody hears of.

    def _next_batch(self) -> None:
        if not self._pending:
            self._idle.set()
            return
        size = min(len(self._pending), self._max_batch)
        batch = [self._pending.popleft() for _ in range(size)]
        try:
            self._writing = self._write([item for item, _ in batch])
        except RuntimeError as error:  # no threads any more: the interpreter is shutting down
            self._writing = self._loop.create_future()
            self._writing.set_exception(error)
        self._writing.add_done_callback(partial(self._written, batch, time.perf_counter()))

    def _written(
        self,
        batch: _Batch[T],
        started: float,
        written: asyncio.Future[list[Exception | None]],
    ) -> None:
        stats = self.stats
        failed_before = self.failing
        self.failing = written.cancelled() or written.exception() is not None
        stats.batches += 1
        stats.write_seconds.note(time.perf_counter() - started)
        stats.batch_sizes.note(len(batch))
        fault = asyncio.CancelledError() if written.cancelled() else written.exception()
        if fault is None:
            self._tell_each(batch, written.result())
        else:
            if not failed_before:  # said once, not for each batch of a long outage
                logger.error(
                    "A batch of %d appends could not be committed.", len(batch), exc_info=fault
                )
            self._tell_all(batch, fault)
        self._next_batch()

    def _tell_each(self, batch: _Batch[T], results: list[Exception | None]) -> None:
        for (_, waiter), error in zip(batch, results, strict=True):
            if error is None:
                self.stats.committed += 1
                if not waiter.done():  # done: its caller was cancelled
                    waiter.set_result(None)
            else:
                self.stats.rejected += 1
                if not waiter.done():
                    waiter.set_exception(error)

    def _tell_all(self, batch: _Batch[T], fault: BaseException) -> None:
        self.stats.failed_batches += 1
        for _, waiter in batch:
            if not waiter.done():
                # One for each: an exception keeps the traceback of whoever raised it.
                unavailable = Unavailable("The log could not be written; try again.")
                unavailable.__cause__ = fault
                waiter.set_exception(unavailable)
