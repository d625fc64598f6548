"""Server processes: started on a core of their own, measured from outside, stopped."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import psutil

#: Each server says where it listens, in these words, on its standard output or error.
LISTENING = re.compile(r'"url": ?"(http[^"]+)"')
#: Seconds that a server has to start, and to stop.
PATIENCE = 30


class Cores(NamedTuple):
    """Which core serves and which one loads."""

    server: int
    load: int

    @classmethod
    def chosen(cls) -> Cores | None:
        """Two of those that this process may use; None if it has but one."""
        allowed = sorted(os.sched_getaffinity(0))
        return cls(*allowed[:2]) if len(allowed) > 1 else None


class Server:
    """A process that serves until the ``with`` block ends.

    Args:
        command: what to run.
        environment: what it gets beside our own.
        folder: where it runs and where its log goes.
        cores: where it runs, if there are two.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        cores: Cores | None,
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **environment}
        self._log = folder / "server.log"
        self._cores = cores
        self.url = ""

    def __enter__(self) -> Server:
        if self._cores is not None:
            # Inherited, so that no thread of it ever ran elsewhere.
            os.sched_setaffinity(0, {self._cores.server})
        try:
            with self._log.open("wb") as output:
                self._process = subprocess.Popen(
                    self._command, env=self._environment, stdout=output, stderr=subprocess.STDOUT
                )
        finally:
            if self._cores is not None:
                os.sched_setaffinity(0, {self._cores.load})
        self._watched = psutil.Process(self._process.pid)
        try:
            self.url = self._listening()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _listening(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            found = LISTENING.search(self._log.read_text(errors="replace"))
            if found is not None:
                return found.group(1)
            time.sleep(0.02)
        raise RuntimeError(f"{self._command} did not start:\n{self.said()}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        """The end of what it printed."""
        return self._log.read_text(errors="replace")[-2000:]

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self._process.pid

    def cpu(self) -> float:
        """Seconds of processor time of all its processes, user and system."""
        return sum(map(processor_time, self._processes()))

    def memory(self) -> int:
        """Bytes of memory of all its processes."""
        return sum(process.memory_info().rss for process in self._processes())

    def _processes(self) -> list[psutil.Process]:
        return [self._watched, *self._watched.children(recursive=True)]


def processor_time(process: psutil.Process) -> float:
    """Seconds of processor time of one process, user and system."""
    if sys.platform == "linux":
        # The process's own clock: nanoseconds, where the files in /proc count hundredths.
        return time.clock_gettime(~process.pid << 3 | 2)
    times = process.cpu_times()
    return float(times.user + times.system)
