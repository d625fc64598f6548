"""What engines raise, as their author wants to see it: with the traceback, file and line.

Only with ``--dev``: a traceback may hold what players hide.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections import deque
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from types import TracebackType

import msgspec

from meeple.errors import EngineError, MeepleError
from meeple.protocols import Clock

#: Failures that are remembered.
KEPT = 50
#: Code that is nobody's engine.
_NOT_THE_AUTHORS = (
    "<",
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)


class DevFailure(msgspec.Struct, frozen=True):
    """Something that an engine, or the import of its module, raised.

    Attributes:
        number: of this failure, from 1 on; 0 for one that is not remembered.
        at: server time in milliseconds since 1970.
        what: what the server was doing: ``play``, ``import``, ``fold`` or ``show``.
        message: the exception in a line.
        file, line: where it was raised, in the author's code if any of it was on the way.
        traceback: as Python prints it, from where the author's code begins.
    """

    number: int
    at: int
    what: str
    message: str
    file: str | None
    line: int | None
    traceback: str


def failure_of(error: BaseException, what: str, at: int, number: int = 0) -> DevFailure:
    """``error`` as its author wants to see it; of Meeple's own errors, what they came from."""
    if isinstance(error, MeepleError) and error.__cause__ is not None:
        said = None if type(error) is EngineError else error.message
        error = error.__cause__
    else:
        said = None
    told = traceback.TracebackException.from_exception(error)
    message = said or "".join(told.format_exception_only()).strip().splitlines()[-1]
    file, line = _place(error, told)
    told.stack = _from_the_author(error, told.stack)
    return DevFailure(number, at, what, message, file, line, "".join(told.format()))


def _place(
    error: BaseException, told: traceback.TracebackException
) -> tuple[str | None, int | None]:
    if isinstance(error, SyntaxError):
        return error.filename, error.lineno
    own = [frame for frame in told.stack if _is_authors(frame.filename)]
    frames = own or list(told.stack)
    return (frames[-1].filename, frames[-1].lineno) if frames else (None, None)


def _from_the_author(error: BaseException, stack: traceback.StackSummary) -> traceback.StackSummary:
    """Without Meeple's own way to what failed, which says nothing to an author."""
    own = [number for number, frame in enumerate(stack) if _is_authors(frame.filename)]
    if own:
        return traceback.StackSummary.from_list(stack[own[0] :])
    return traceback.StackSummary() if isinstance(error, SyntaxError) else stack


def _is_authors(file: str) -> bool:
    return not file.startswith(_NOT_THE_AUTHORS)


class DevFailures:
    """The last `KEPT` failures, the latest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._kept: deque[DevFailure] = deque(maxlen=KEPT)

    def note(self, error: BaseException, what: str) -> DevFailure:
        """Remember that ``error`` came of what the server was doing."""
        failure = failure_of(error, what, self._clock.now_ms(), next(self._numbers))
        self._kept.appendleft(failure)
        return failure

    def latest(self) -> list[DevFailure]:
        """All that are remembered, the latest first."""
        return list(self._kept)

    def noticing(self, limit: AbstractContextManager[None]) -> AbstractContextManager[None]:
        """A context that is ``limit``, and notes each `EngineError` that leaves it."""
        return _Noticing(limit, self)


class _Noticing(AbstractContextManager[None]):
    def __init__(self, limit: AbstractContextManager[None], failures: DevFailures) -> None:
        self._limit = limit
        self._failures = failures

    def __enter__(self) -> None:
        self._limit.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._limit.__exit__(kind, error, trace)
        except EngineError as late:
            self._failures.note(late, "play")
            raise
        if isinstance(error, EngineError):
            self._failures.note(error, "play")
