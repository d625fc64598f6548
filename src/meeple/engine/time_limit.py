"""Ends engine calls that do not come back: one game's endless loop must not be everybody's."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from meeple.errors import EngineError

#: How often, within a limit, it is looked whether a call is still the same.
LOOKS = 4


class _Stuck(BaseException):
    """Raised in the midst of an engine. No engine's ``except Exception`` takes it."""


class TookTooLong(EngineError):
    """The engine took too long."""


class TimeLimit:
    """A context that may last ``seconds`` and is then ended with `TookTooLong`; not reentrant.

    It is entered by one thread, the event loop's, many thousand times a second, so entering and
    leaving is only counting. Another thread, between `start` and `stop`, looks now and then whether
    the count is still the same. What runs in Python is ended; a loop in an extension's own code
    cannot be.

    Args:
        seconds: how long an engine may take for one action, by the looks of the watching thread:
            time in which the whole process was stopped does not count. ``math.inf``: no limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        #: Odd while the context is entered.
        self._count = 0
        #: The count of a call that was on at the last look and may be ended at the next ones.
        self._suspect = 0
        self._looks = 0
        self._watched = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="meeple-time-limit", daemon=True)

    def start(self) -> None:
        """Watch over the thread that calls this."""
        self._watched = threading.get_ident()
        if math.isfinite(self.seconds):
            self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Between `start` and `stop`."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            count = self._count
            self._count = count + 1
            if self._suspect == count:
                # A long call: make sure that nothing is raised any more.
                with self._lock:
                    _raise_in(self._watched, None)
        except _Stuck as late:
            self._count += self._count % 2
            error = late
        if isinstance(error, _Stuck):
            message = f"the engine took more than {self.seconds:g} seconds"
            raise TookTooLong(message) from error

    def _watch(self) -> None:
        while not self._over.wait(self.seconds / LOOKS):
            count = self._count
            if count != self._suspect or not count % 2:
                self._suspect, self._looks = count if count % 2 else 0, 0
                continue
            self._looks += 1
            if self._looks < LOOKS:
                continue
            with self._lock:
                if self._count == count:
                    # Again at each look, should the engine have taken it.
                    _raise_in(self._watched, _Stuck)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """The documented way to raise an exception in another thread; None takes it back."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )
