"""Ends a call that does not come back."""

from __future__ import annotations

import ctypes
import threading
import time
from types import TracebackType


class Stuck(BaseException):
    """A call was ended because it took too long. No engine's ``except Exception`` takes it."""


class Watchdog:
    """Watches the calls of the thread that made it, while it is entered.

    It can end what runs in Python. What is lost in a library's own code cannot be ended.

    Args:
        seconds: how long a call may take; it is ended soon after.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._watched = threading.get_ident()
        self._began: float | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def begin(self) -> None:
        """A call begins."""
        self._began = time.monotonic()

    def end(self) -> None:
        """The call came back. With the lock: from here on nothing is raised any more."""
        with self._lock:
            self._began = None

    def _watch(self) -> None:
        while not self._over.wait(min(self.seconds / 4, 1)):
            with self._lock:
                if self._began is not None and time.monotonic() - self._began > self.seconds:
                    # The documented way to raise an exception in another thread.
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._watched), ctypes.py_object(Stuck)
                    )
