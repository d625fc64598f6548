"""One process of the pool in which house bots think, as the server sees it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from meeple.engine.base import JSON
from meeple.services.bot_worker import NICENESS, Answer, Task

#: Bytes of an answer, at most: an action has far less.
MAX_ANSWER = 1024 * 1024
#: Seconds that a process has to start, on a machine that may be busy.
STARTING = 60


class BotFailed(Exception):
    """The bot gave no action; the message says why."""


class BotProcess:
    """Starts a process when it is first needed, and another one when that has died.

    Args:
        niceness: by how much it stands back behind other processes, 0 to 19.
        engines: games that are not installed, each a ``MODULE:CLASS``.
        version: a process that was started at another version of the engines is replaced.
    """

    def __init__(
        self,
        niceness: int = NICENESS,
        engines: Iterable[str] = (),
        version: Callable[[], int] = lambda: 0,
    ) -> None:
        self._command = (
            *(sys.executable, "-m", "meeple.services.bot_worker", str(niceness)),
            *engines,
        )
        self._version = version
        self._started_at = version()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now; None if none does."""
        return None if self._process is None else self._process.pid

    async def think(self, task: Task) -> JSON:
        """The bot's action, within the task's ``limit`` of a process that is ready.

        Raises:
            BotFailed: it took too long, died or raised; a process that hangs is killed.
        """
        try:
            process = await self._started()
            async with asyncio.timeout(task.limit):
                line = await self._ask(process, msgspec.json.encode(task) + b"\n")
            answer = msgspec.json.decode(line, type=Answer)
        except BaseException as error:
            # Whatever it says from now on would be the answer to another question.
            await self.aclose()
            if isinstance(error, TimeoutError):
                raise BotFailed(f"it took more than {task.limit:g} seconds") from error
            if isinstance(error, (OSError, ValueError)):
                raise BotFailed(f"its process died: {error}") from error
            raise
        if answer.failed is not None:
            raise BotFailed(answer.failed)
        return answer.action

    async def aclose(self) -> None:
        """End the process, if one runs."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._started_at != self._version():
            await self.aclose()
        if self._process is None or self._process.returncode is not None:
            self._started_at = self._version()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=MAX_ANSWER,
                # Ctrl-C in a terminal is for the server, which ends this process in good order.
                start_new_session=True,
            )
            async with asyncio.timeout(STARTING):
                await self._ask(self._process, b"")
        return self._process

    async def _ask(self, process: asyncio.subprocess.Process, line: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        await process.stdin.drain()
        answer = await process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise ConnectionResetError("it said nothing more")
        return answer
