"""Engines are found by their entry points, and one that cannot be loaded harms no other."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from meeple.engines.tic_tac_toe import TicTacToe
from meeple.errors import EngineNotFound
from meeple.services.engine_catalog import FAMILY_GROUP, GROUP, EngineCatalog

HERE = "tests.services.test_engine_catalog"


class NeedsMore(TicTacToe):
    def __init__(self, more: int) -> None:
        self.more = more


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


CATALOG = [
    point("plain", "tests.services.engines:Plain"),
    point("a-solo", "tests.services.engines:Solo"),
    point("no-module", "tests.services.nowhere:Plain"),
    point("no-class", "tests.services.engines:Nothing"),
    point("needs-more", f"{HERE}:NeedsMore"),
]


def test_an_engine_is_made_once() -> None:
    catalog = EngineCatalog(CATALOG)
    assert type(catalog("plain")).__name__ == "Plain"
    assert catalog("plain") is catalog("plain")
    assert catalog("plain") is not EngineCatalog(CATALOG)("plain")


@pytest.mark.parametrize("name", ["", "Plain", "plain ", "nothing", "__class__", "x" * 10_000])
def test_a_name_that_is_not_there_is_not_found(name: str) -> None:
    with pytest.raises(EngineNotFound) as caught:
        EngineCatalog(CATALOG)(name)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("name", ["no-module", "no-class", "needs-more"])
def test_an_engine_that_cannot_be_loaded_is_not_found_and_says_why(name: str) -> None:
    with pytest.raises(EngineNotFound, match="cannot be loaded") as caught:
        EngineCatalog(CATALOG)(name)
    assert caught.value.__cause__ is not None


def test_those_on_offer_are_sorted_and_leave_out_what_cannot_be_loaded() -> None:
    rules = list(EngineCatalog(CATALOG))
    assert [one.name for one in rules] == ["a-solo", "plain"]
    assert rules[0].summary == "A game for one."
    assert rules[0].seats == range(1, 2)


class Twins:
    """A family of two."""

    def names(self) -> list[str]:
        return ["left", "right"]

    def engine(self, name: str) -> TicTacToe:
        if name == "right":
            raise RuntimeError("it is broken")
        if name not in self.names():
            raise EngineNotFound(f"no twin {name}")
        return TicTacToe()


class Lost:
    """A family that cannot say whom it has."""

    def names(self) -> list[str]:
        raise RuntimeError("nobody is at home")


FAMILIES = [
    EntryPoint("twins", f"{HERE}:Twins", FAMILY_GROUP),
    EntryPoint("lost", f"{HERE}:Lost", FAMILY_GROUP),
    EntryPoint("gone", "tests.services.nowhere:Twins", FAMILY_GROUP),
]


def test_the_engines_of_a_family_have_its_name_before_theirs() -> None:
    catalog = EngineCatalog(CATALOG[:1], FAMILIES)
    assert catalog.names() == ["plain", "twins:left", "twins:right"]
    assert isinstance(catalog("twins:left"), TicTacToe)
    assert catalog("twins:left") is catalog("twins:left")
    assert [rules.name for rules in catalog] == ["plain", "twins:left"]


@pytest.mark.parametrize(
    "name", ["twins", "twins:", "twins:none", "twins:right", "lost:x", "gone:left", ":left"]
)
def test_what_a_family_does_not_have_is_not_found(name: str) -> None:
    with pytest.raises(EngineNotFound):
        EngineCatalog(CATALOG[:1], FAMILIES)(name)


def test_the_games_that_come_with_meeple_are_on_offer() -> None:
    catalog = EngineCatalog()
    offered = {rules.name: rules for rules in catalog}
    assert {"tic-tac-toe", "connect-four", "goofspiel"} <= offered.keys()
    assert offered["tic-tac-toe"].engine is catalog("tic-tac-toe")
    assert offered["goofspiel"].options_schema["$ref"].startswith("#/$defs/")
    assert not offered["goofspiel"].perfect_information
    assert offered["connect-four"].perfect_information
