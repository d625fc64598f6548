"""The rules for people say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from meeple.engines.duel.actions import ACTION_TYPES, decode
from meeple.engines.duel.booklet import card_list
from meeple.engines.duel.state import HouseRules

PAGE = (Path(__file__).parents[3] / "docs" / "games" / "duel.md").read_text(encoding="utf-8")


def test_the_card_list_is_current() -> None:
    listed = PAGE.partition("## All cards\n")[2].partition("needs.\n")[2]
    assert listed.strip() == card_list().strip(), "print it with python -m meeple.engines.duel"


def test_the_table_of_house_rules_names_each_with_its_bounds() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (?:(\d+) to (\d+))? *\|", PAGE, re.MULTILINE)
    ((_, schema),) = msgspec.json.schema_components([HouseRules])[1].items()
    assert rows == [
        (
            name,
            str(one["default"]).lower(),
            str(one.get("minimum", "")),
            str(one.get("maximum", "")),
        )
        for name, one in schema["properties"].items()
    ]


def test_the_table_of_actions_names_each() -> None:
    written = re.findall(r"`(\{\"type\": .*?\})`", PAGE)
    actions = [msgspec.json.decode(one) for one in written if "…" not in one]
    assert {one["type"] for one in actions} | {"own_deck"} == set(ACTION_TYPES)
    for one in actions:
        decode(one)
