"""The tables of the documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from meeple import errors
from meeple.config import Settings
from meeple.errors import MeepleError

DOCS = Path(__file__).parents[2] / "docs"

#: These stop a server at its start, or stay between services and log.
NEVER_SENT = {"configuration_error", "database_in_use", "duplicate_action"}


def rows_under(heading: str, page: str) -> list[list[str]]:
    """The cells of the table under a heading of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    [found] = [part for part in section if part.startswith(f"{heading}\n")]
    lines = [line for line in found.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def every_error(root: type[MeepleError] = MeepleError) -> list[type[MeepleError]]:
    return [one for sub in root.__subclasses__() for one in (sub, *every_error(sub))]


def test_the_table_of_error_codes_is_the_tree_of_errors() -> None:
    own = [
        one for one in every_error() if "code" in vars(one) and one.__module__ == errors.__name__
    ]
    known = {
        one.code: (str(one.status), "yes" if one.retryable else "", one().message)
        for one in own
        if one.code not in NEVER_SENT
    }
    rows = rows_under("Error codes", "protocol.md")
    documented = {code.strip("`"): (http, again, text) for code, http, again, text in rows}
    assert documented == known
    assert len(rows) == len(known) > 20


def test_every_code_belongs_to_one_error() -> None:
    codes = [one.code for one in every_error() if "code" in vars(one)]
    assert len(codes) == len(set(codes))
    assert set(codes) >= NEVER_SENT


def as_written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_table_of_settings_names_each_with_its_true_default() -> None:
    documented: dict[str, str] = {}
    for names, defaults, _ in rows_under("Settings", "operations.md"):
        variables = re.findall(r"`MEEPLE_([A-Z_]+)`", names)
        values = re.findall(r"`([^`]*)`", defaults) or [""] * len(variables)
        for variable, value in zip(variables, values, strict=True):
            assert variable.lower() not in documented
            documented[variable.lower()] = value
    assert documented == {
        name: as_written(getattr(Settings(), name)) for name in Settings.__struct_fields__
    }
