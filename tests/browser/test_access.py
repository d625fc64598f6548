"""Everybody can play: what axe finds, and cards by the keyboard alone."""

from __future__ import annotations

import pytest

from tests.browser.axe import assert_accessible, with_axe
from tests.browser.conftest import Arrive
from tests.browser.person import POSSIBLE

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_axe_finds_nothing_serious_in_the_lobby_and_at_a_new_table(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.page.goto(ann.url)
    await ann.page.wait_for_selector(".tile strong")
    await with_axe(ann)
    await assert_accessible(ann.page, "a stranger's lobby")
    await ann.page.get_by_label("Your name").fill("Ann")
    await ann.page.get_by_label("Your name").press("Enter")
    await ann.page.get_by_text("All", exact=False).filter(has_text="games").last.click()
    await assert_accessible(ann.page, "the lobby")
    dialog = await ann.choose("Connect four")
    await assert_accessible(ann.page, "the dialog for a new table")
    await dialog.get_by_text("A friend, by link").click()
    await dialog.locator("button.main").click()
    await ann.page.get_by_label("QR code of the link").wait_for()
    await assert_accessible(ann.page, "an open table")
    await ann.page.get_by_role("link", name="Meeple").click()
    await ann.page.locator("a.row").first.wait_for()
    await assert_accessible(ann.page, "the lobby with games")


@pytest.mark.parametrize("game", ["Chess", "Connect four", "Duel", "Goofspiel", "Quoridor"])
async def test_axe_finds_nothing_serious_at_a_table_and_in_its_replay(
    arrive: Arrive, game: str
) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    await ann.make_table(game)
    await ann.my_turn()
    await ann.page.wait_for_selector(f"{POSSIBLE}, .card, .actions button")
    await with_axe(ann)
    await assert_accessible(ann.page, f"a table of {game}")
    before = await ann.seq()
    await ann.page.get_by_text("as a list").or_(ann.page.locator(".actions .list")).first.click()
    await ann.page.locator(".actions .group button").first.click()
    await ann.moved(before)
    await ann.page.get_by_label("Say something at this table").fill("Hello")
    await ann.page.keyboard.press("Enter")
    await ann.page.locator(".chat li").first.wait_for()
    await ann.page.get_by_label("Resign …").click()
    await assert_accessible(ann.page, f"a table of {game} where something was played")
    await ann.page.get_by_role("button", name="Resign", exact=True).click()
    await ann.page.get_by_role("link", name="Replay").click()
    await ann.page.locator("main.replay .moves").wait_for()
    await assert_accessible(ann.page, f"a replay of {game}")


async def test_a_whole_game_of_cards_is_played_with_the_keyboard_alone(arrive: Arrive) -> None:
    ann = await arrive()
    page, keys = ann.page, ann.page.keyboard
    await ann.begin_with_keys("Goofspiel")
    while True:
        await page.wait_for_selector("main.my-turn .card.playable, main[data-status=over]")
        if await page.locator("main[data-status=over]").count():
            break
        before = await ann.seq()
        # From the first card of the hand, with arrows, to the one beside it.
        await page.locator(".card.playable").first.focus()
        if await page.locator(".card.playable").count() > 1:
            await keys.press("ArrowRight")
        await keys.press("Enter")
        await ann.moved(before)
    await ann.sees("on points")
