"""A program that is spoken to in lines, with a limit to every wait."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from meeple.client.bots.base import BotFailed

_T = TypeVar("_T")

#: Bytes of the longest line that is read.
LONGEST = 2**20
#: Seconds that a program has to end by itself.
GOODBYE = 2.0


class Child:
    """A process of this one's; `aclose` ends it.

    Args:
        name: what to call it in messages.
        process: it, with all three streams piped.
    """

    def __init__(self, name: str, process: Process) -> None:
        self._name = name
        self._process = process
        #: The last of what it said on stderr, which has to be read lest it wait.
        self._complaints: deque[str] = deque(maxlen=5)
        self._draining = asyncio.create_task(self._drain())

    @classmethod
    async def start(cls, name: str, command: Sequence[str]) -> Child:
        """Start the command. Raises `BotFailed` if that cannot be done."""
        try:
            # In a session of its own, where Ctrl-C does not reach it.
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LONGEST,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise BotFailed(f"{name} cannot be started: {error}") from error
        return cls(name, process)

    async def tell(self, line: str) -> None:
        """Send a line. One that cannot be sent is noticed by the next `hear`."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        with suppress(ConnectionError):
            await self._process.stdin.drain()

    async def hear(self, wanted: Callable[[str], _T | None], seconds: float) -> _T:
        """Read lines until ``wanted`` makes something of one; the others are passed over.

        Raises:
            BotFailed: no such line came in time, or the program has ended.
        """
        last = ""
        try:
            async with asyncio.timeout(seconds):
                while line := await self._line():
                    last = line.rstrip()
                    found = wanted(last)
                    if found is not None:
                        return found
        except TimeoutError as error:
            said = f"; it last said {last!r:.200}" if last else ""
            raise BotFailed(f"{self._name} did not answer in {seconds:g} s{said}") from error
        raise await self._ended()

    async def aclose(self, farewell: str | None = None) -> None:
        """End it: after ``farewell`` by itself, if it does; else at once."""
        if farewell is not None:
            await self.tell(farewell)
            await self._read_out()
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._read_out()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GOODBYE)
        self._draining.cancel()
        await asyncio.gather(self._draining, return_exceptions=True)

    async def _read_out(self) -> None:
        """Pass over the rest of what it says: asyncio sees no end of a process before that."""
        assert self._process.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                while await self._process.stdout.read(LONGEST):
                    pass

    async def _line(self) -> str:
        """The next line; empty once there is none to come."""
        assert self._process.stdout is not None
        try:
            return (await self._process.stdout.readline()).decode(errors="replace")
        except ValueError as error:
            raise BotFailed(f"{self._name} wrote a line of more than {LONGEST} bytes") from error

    async def _ended(self) -> BotFailed:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GOODBYE)
        said = "".join(f"\n  {line}" for line in self._complaints)
        return BotFailed(f"{self._name} ended (exit code {self._process.returncode}){said}")

    async def _drain(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(65536):
            self._complaints.extend(data.decode(errors="replace").splitlines())
