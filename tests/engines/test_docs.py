"""The tutorial's code is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meeple.engine.conformance import assert_engine

TUTORIAL = Path(__file__).parents[2] / "docs" / "write-a-game.md"
ENGINES = ["Nim", "RandomNim", "OddsAndEvens", "ReadableNim"]


@pytest.fixture(scope="module")
def tutorial() -> dict[str, Any]:
    """What the names are after all blocks were run, one after the other."""
    text = TUTORIAL.read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "write_a_game"}
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        # Blank lines in front, so that a traceback names the line of the page.
        before = text[: block.start(1)].count("\n")
        source = "\n" * before + block[1]
        exec(compile(source, str(TUTORIAL), "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_of_the_tutorial_passes(tutorial: dict[str, Any], engine: str) -> None:
    assert_engine(tutorial[engine](), games=20)


def test_no_engine_of_the_tutorial_is_left_out(tutorial: dict[str, Any]) -> None:
    assert [name for name, value in tutorial.items() if hasattr(value, "apply")] == ENGINES


def test_the_tests_of_the_tutorial_pass(tutorial: dict[str, Any]) -> None:
    tests = [value for name, value in tutorial.items() if name.startswith("test_")]

    assert len(tests) == 2
    for test in tests:
        test()
