"""The debug panel: an author acts for both, goes back, branches off, and changes the rules."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.browser.axe import assert_accessible, with_axe
from tests.browser.conftest import Arrive
from tests.browser.person import Person
from tests.harness import ServerProcess, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

GAME = '''
from meeple.engine import Outcome

class Pebbles:
    """Take a pebble or two; who takes the last one wins. Everybody hides a number."""

    def new_game(self, seats, options, rng):
        return {"turn": 0, "left": 9, "hidden": [rng.randint(1000, 9999) for _ in range(seats)]}

    def to_act(self, state):
        return [state["turn"]] if state["left"] > 0 else []

    def legal_actions(self, state, seat):
        return ["take 1", "take 2"]

    def apply(self, state, seat, action, rng):
        return {**state, "turn": 1 - seat, "left": state["left"] - int(action[-1])}

    def view(self, state, seat):
        own = None if seat is None else state["hidden"][seat]
        return {"left": state["left"], "hidden": own}

    def outcome(self, state):
        return Outcome(winners=(1 - state["turn"],), reason="last_pebble")
'''


class Developer(Person):
    """The author of a game, at the debug panel."""

    file: Path

    async def practice(self) -> None:
        """A practice table of the own game, which is the first in the list."""
        await self.page.goto(f"{self.url}/dev")
        await self.page.get_by_role("button", name="New practice table").click()
        await self.shows(3)

    def seat(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    async def act(self, seat: int, action: str) -> None:
        await self.seat(f"Seat {seat}").get_by_role("button", name=action, exact=True).click()

    async def shows(self, seq: int, last: int | None = None) -> None:
        """Wait until that entry is shown, of a log that ends with ``last``."""
        end = seq if last is None else last
        await expect(
            self.page.locator(f'main.dev[data-seq="{seq}"][data-last="{end}"]')
        ).to_be_visible()

    def entry(self, seq: int, text: str) -> Locator:
        """That entry in the log."""
        return self.page.get_by_role("button", name=re.compile(rf"^Entry {seq} ?: {text}"))

    def state(self, path: str) -> Locator:
        """What the engine's state has at that path."""
        return self.page.locator(f'.dev-inspector > .dev-tree [data-path="{path}"] code')

    def save(self, before: str, after: str) -> None:
        """Change the rules."""
        assert before in GAME
        self.file.write_text(GAME.replace(before, after))


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def games(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[ServerProcess, Path]]:
    folder = tmp_path_factory.mktemp("pebbles")
    file = folder / "pebbles.py"
    file.write_text(GAME)
    data = tmp_path_factory.mktemp("dev")
    server = ServerProcess(data, "--dev", "--engine", "pebbles:Pebbles", cwd=folder)
    await server.start()
    try:
        yield server, file
    finally:
        await server.stop()


@pytest_asyncio.fixture(loop_scope="package")
async def author(games: tuple[ServerProcess, Path], browser: Browser) -> AsyncIterator[Developer]:
    server, file = games
    viewport: dict[str, Any] = {"width": 1400, "height": 900}
    author = await Developer.arrive(browser, server.url, viewport=viewport)
    assert isinstance(author, Developer)
    author.file = file
    yield author
    await author.leave()


async def test_an_author_acts_for_both_steps_back_and_branches(author: Developer) -> None:
    await author.practice()
    await author.act(0, "take 2")
    await author.shows(4)
    await author.act(1, "take 1")
    await author.shows(5)
    await expect(author.state("left")).to_have_text("6")
    # Each seat sees its own number only; the state has both.
    own = [await author.seat(f"Seat {seat}").locator("pre").inner_text() for seat in (0, 1)]
    assert own[0] != own[1]
    assert '"hidden": null' in await author.seat("Spectators").locator("pre").inner_text()
    changed = author.page.locator(".dev-changes details", has_text="State")
    await expect(changed.locator("li", has_text="left")).to_contain_text("7 6")

    await author.page.keyboard.press("ArrowLeft")
    await author.shows(4, last=5)
    await expect(author.state("left")).to_have_text("7")
    await expect(author.page).to_have_url(re.compile("/4$"))
    await author.page.keyboard.press("Home")
    await author.shows(0, last=5)
    await author.entry(4, "seat 0, take 2").click()
    await author.shows(4, last=5)

    original = author.page.url.removesuffix("/4")
    await author.page.get_by_role("button", name="Branch from here").click()
    await author.shows(4)
    await expect(author.page).not_to_have_url(original)
    await author.act(1, "take 2")
    await author.shows(5)
    await expect(author.state("left")).to_have_text("5")
    await author.page.get_by_role("link", name="at 4").click()
    await author.shows(4, last=5)
    await author.page.keyboard.press("End")
    await expect(author.state("left")).to_have_text("6")


async def test_what_is_done_in_the_past_begins_another_table(author: Developer) -> None:
    await author.practice()
    await author.act(0, "take 1")
    await author.shows(4)
    before = author.page.url
    await author.page.keyboard.press("ArrowLeft")
    await expect(author.page.get_by_text("You look at the past")).to_be_visible()
    await author.act(0, "take 2")
    await author.shows(4)
    await expect(author.state("left")).to_have_text("7")
    await expect(author.page).not_to_have_url(before)


async def test_the_log_and_the_state_are_opened_and_searched(author: Developer) -> None:
    await author.practice()
    await author.page.get_by_label("Entry 0 as JSON").click()
    await expect(author.page.locator(".dev-log pre")).to_contain_text('"seed"')
    await author.page.locator("h1").click()
    await author.page.keyboard.press("/")
    await author.page.keyboard.type("hid")
    await expect(author.state("hidden")).to_be_visible()
    await expect(author.state("left")).to_have_count(0)


async def test_rules_that_are_saved_are_played_at_once(author: Developer) -> None:
    await author.practice()
    await author.act(0, "take 1")
    await author.shows(4)
    author.save('"left": 9', '"left": 100')
    await expect(author.page.get_by_role("status")).to_contain_text("Reloaded pebbles")
    await expect(author.state("left")).to_have_text("99")

    author.save('"left": 9', '"left": (')
    await expect(author.page.get_by_role("alert")).to_contain_text("SyntaxError")
    await expect(author.page.get_by_role("alert")).to_contain_text("pebbles.py:8")
    await author.act(1, "take 1")
    await expect(author.state("left")).to_have_text("98")

    author.save("int(action[-1])", "int(action)")
    left = author.page.locator(".dev-failure", has_text="goes on with the old code")
    await expect(left).to_contain_text("invalid literal for int()")
    # A new table has the new rules, and what they raise is shown with the line.
    await author.practice()
    await author.act(0, "take 1")
    failure = author.page.locator(".dev-failure", has_text="The engine failed in a game")
    await expect(failure.first).to_contain_text("pebbles.py:17")
    # The refusal is an answer with the status 500, of which a browser complains, in its own time.
    await until(lambda: author.complaints)
    assert len(author.complaints) == 1
    assert "status of 500" in author.complaints.pop()
    author.file.write_text(GAME)


async def test_the_panel_opens_beside_a_table_that_is_played(author: Developer) -> None:
    await author.enter("Ann")
    await author.make_table("Tic tac toe")
    await author.cell("Row 1, column 1")
    page = author.page
    await page.get_by_role("button", name="Debug").click()
    panel = page.get_by_role("region", name="Debug")
    await expect(author.entry(4, "seat 0, 0")).to_be_visible()
    await expect(panel.get_by_role("region", name="Seat 1", exact=True)).to_be_visible()
    await panel.get_by_role("button", name="Close").click()
    await expect(panel.get_by_label("Log")).to_have_count(0)


async def test_axe_finds_nothing_serious_at_the_panel(author: Developer) -> None:
    await author.page.goto(f"{author.url}/dev")
    await author.page.get_by_role("button", name="New practice table").wait_for()
    await with_axe(author)
    await assert_accessible(author.page, "where an author begins")
    await author.practice()
    await author.act(0, "take 1")
    await author.shows(4)
    await author.page.get_by_label("Entry 0 as JSON").click()
    await author.page.locator(".dev-log pre").wait_for()
    await with_axe(author)
    await assert_accessible(author.page, "the panel")


async def test_without_dev_mode_no_page_speaks_of_it(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    await ann.make_table("Tic tac toe")
    await ann.my_turn()
    await expect(ann.page.get_by_text("Debug")).to_have_count(0)
