"""The last errors of the log, as admins see them."""

from __future__ import annotations

import subprocess
import sys

from meeple.services.recent_errors import MAX_LINES, RecentErrors

#: In a process of its own: what is logged where is one setting for all of a process.
LOGS = """
import logging
import msgspec, structlog
from meeple.cli.serve import configure_logging
from meeple.config import Settings
from meeple.services.recent_errors import RecentErrors

for form in ("text", "json"):
    recent = RecentErrors()
    configure_logging(Settings(log_format=form), recent)
    log = structlog.get_logger("meeple")
    log.info("fine")
    log.warning("hm", game_id="g")
    try:
        {}["the hidden card"]
    except KeyError:
        log.new().exception("engine failed", game_id="g", seed="abc")
        logging.getLogger("library").error("bad %s", "thing", exc_info=True)
    seen = [(one.event, one.fields, one.exception[:8], bool(one.at)) for one in recent.lines]
    print(msgspec.json.encode(seen).decode())
    structlog.reset_defaults()
"""


def test_the_last_errors_are_kept_without_what_may_be_a_secret() -> None:
    recent = RecentErrors()
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    try:
        raise ValueError("the hidden card is a seven")
    except ValueError as error:
        line = {
            "level": "error",
            "event": f"it broke on {token}",
            "timestamp": "2026-01-01",
            "game_id": "g",
            "token": token,
            "seed": "abc",
            "exc_info": error,
        }
    assert recent(None, "error", line) is line
    recent(None, "info", {"level": "info", "event": "fine"})
    [kept] = recent.lines
    assert (kept.event, kept.fields) == ("it broke on [token]", {"game_id": "g"})
    assert kept.exception is not None
    assert kept.exception.startswith("ValueError in test_the_last_errors")
    assert "seven" not in kept.exception
    for _ in range(MAX_LINES):
        recent(None, "error", {"level": "error", "event": "again"})
    assert len(recent.lines) == MAX_LINES
    assert recent.count == MAX_LINES + 1


def test_what_meeple_and_libraries_log_gets_there_in_either_form() -> None:
    child = subprocess.run(
        [sys.executable, "-c", LOGS], check=True, capture_output=True, text=True, timeout=60
    )
    expected = (
        '[["engine failed",{"game_id":"g"},"KeyError",true],["bad thing",{},"KeyError",true]]'
    )
    assert child.stdout.splitlines() == [expected, expected]
    assert child.stderr.count("engine failed") == 2
