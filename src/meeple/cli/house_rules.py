"""House rules as they are typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import typer


def house_rules(given: Iterable[str]) -> dict[str, Any]:
    """``NAME=VALUE`` as names and JSON values; what is no JSON is a string."""
    options: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(f"write a house rule as NAME=VALUE, not {one!r}")
        try:
            options[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            options[name] = value
    return options
