"""The command line. ``meeple --help`` is the manual."""

from __future__ import annotations

import sys

from rich.console import Console

from meeple.cli.commands import app
from meeple.errors import MeepleError

__all__ = ["main"]


def main() -> None:
    """Run the command line; what a user can mend is one line on stderr and exit code 1."""
    try:
        app()
    except MeepleError as error:
        Console(stderr=True).print(
            f"meeple: {error.message}", markup=False, emoji=False, soft_wrap=True
        )
        sys.exit(1)
