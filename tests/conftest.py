"""For all tests."""

from __future__ import annotations

import os

import pytest
import structlog


@pytest.hookimpl(optionalhook=True)  # not with `-p no:xdist`
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are processors: a third of the time, a test waits."""
    return (os.cpu_count() or 1) * 3 // 2


# structlog's default prints every local variable of every frame, which takes seconds.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)
