"""The last lines of the log that tell of an error, for operators to look at."""

from __future__ import annotations

import re
import sys
import traceback
from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec

#: Lines that are kept, and characters of each word in one.
MAX_LINES, MAX_LENGTH = 200, 300
#: What a line is kept with, beside its event. A list of what may be: anything else may be a secret.
KEPT = ("game_id", "user_id", "event_name", "path", "code", "error", "worker", "sid")
#: What a JWT looks like.
TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")


class ErrorLine(msgspec.Struct, frozen=True):
    """One line of the log.

    Attributes:
        at: when, as ISO 8601.
        event: what happened.
        fields: to whom and where.
        exception: its kind and place; what it says may be a secret, and is not here.
    """

    at: str
    event: str
    fields: dict[str, str]
    exception: str | None


class RecentErrors:
    """Keeps the last lines of errors; a processor of structlog's, which passes every line on.

    It may be called in any thread.
    """

    def __init__(self) -> None:
        self.lines: deque[ErrorLine] = deque(maxlen=MAX_LINES)
        #: How many there have been.
        self.count = 0

    def __call__(
        self, logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Take note of the line, if it is one of an error."""
        if event.get("level") in ("error", "critical"):
            self.count += 1
            self.lines.append(_line(event))
        return event


def _line(event: Mapping[str, Any]) -> ErrorLine:
    fields = {name: _word(event[name]) for name in KEPT if event.get(name)}
    at, what = str(event.get("timestamp", "")), _word(event.get("event", ""))
    return ErrorLine(at, what, fields, _exception(event.get("exc_info")))


def _word(value: object) -> str:
    return TOKEN.sub("[token]", str(value))[:MAX_LENGTH]


def _exception(exc_info: object) -> str | None:
    """The kind of an exception and the line that raised it, of what structlog takes for one."""
    error = exc_info
    if isinstance(exc_info, tuple):
        error = exc_info[1]
    elif exc_info is True:
        error = sys.exception()
    if not isinstance(error, BaseException):
        return None
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    if not frames:
        return kind
    return f"{kind} in {frames[-1].name} ({frames[-1].filename}:{frames[-1].lineno})"
