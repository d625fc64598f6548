"""People meet at the page and play; each test is a thing that somebody wants to do there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.every_game import act, play
from tests.browser.person import POSSIBLE, Person

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def table_of_two(arrive: Arrive, game: str, **choices: str) -> tuple[Person, Person]:
    """Ann makes a table; Ben, on a phone, comes by the link that she sends him."""
    ann, ben = await arrive(), await arrive(**PHONE)
    await ann.enter("Ann")
    await ann.make_table(game, against="A friend, by link", **choices)
    link = await ann.page.get_by_label("Invitation link").input_value()
    await expect(ann.page.get_by_label("QR code of the link")).to_be_visible()
    assert link.startswith(ann.url)
    await ben.enter("Ben", link.removeprefix(ben.url))
    await ben.page.wait_for_selector("main[data-status=live]")
    await ann.page.wait_for_selector("main[data-status=live]")
    return ann, ben


async def test_two_meet_by_a_link_and_play_tic_tac_toe_to_the_end(arrive: Arrive) -> None:
    ann, ben = await table_of_two(arrive, "Tic tac toe")
    cells = [(2, 2), (1, 1), (1, 2), (1, 3), (3, 2)]
    for turn, (row, column) in enumerate(cells):
        await (ann, ben)[turn % 2].cell(f"Row {row}, column {column}")
    await ann.sees("You won")
    await ben.sees("You lost: Ann won")
    await expect(ann.page).to_have_title(re.compile("^You won"))


async def square(page: Page, name: str) -> tuple[float, float]:
    """The middle of a square of the chess board on the screen."""
    cell = page.locator(f'.squares [aria-label^="{name}:"]')
    box = await cell.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def drag(person: Person, start: str, end: str) -> None:
    await person.my_turn()
    before = await person.seq()
    await person.page.mouse.move(*await square(person.page, start))
    await person.page.mouse.down()
    await person.page.mouse.move(*await square(person.page, end), steps=4)
    await person.page.mouse.up()
    await person.moved(before)


async def tap(person: Person, start: str, end: str) -> None:
    await person.my_turn()
    before = await person.seq()
    for name in (start, end):
        await person.page.mouse.click(*await square(person.page, name))
    await person.moved(before)


async def test_chess_is_played_by_drag_and_by_click_to_a_mate(arrive: Arrive) -> None:
    white, black = await table_of_two(arrive, "Chess")
    await expect(white.page.locator(".chess-board")).to_be_visible()
    await drag(white, "f2", "f3")
    await tap(black, "e7", "e5")
    await drag(white, "g2", "g4")
    # Black sees the board from its own side.
    assert (await square(black.page, "h8"))[0] < (await square(black.page, "a8"))[0]
    await tap(black, "d8", "h4")
    await black.sees("You won")
    await white.sees("You lost: Ben won")
    # Twice in a moment: the board stands as before.
    await white.page.get_by_text("Turn the board").dblclick()
    await expect(white.page.locator('.men g[data-piece="wk"]')).to_have_count(1)
    await expect(white.page.locator(".moves li:not(.note)")).to_have_count(4)
    moves = await white.page.locator(".moves li").all_inner_texts()
    assert [one.strip() for one in moves[:3]] == ["f3", "e5", "g4"]
    assert moves[3].strip().startswith("Qh4")


async def test_a_premove_is_played_as_soon_as_it_may_be(arrive: Arrive) -> None:
    white, black = await table_of_two(arrive, "Chess")
    for name in ("e7", "e5"):
        await black.page.mouse.click(*await square(black.page, name))
    await expect(black.page.get_by_text("Premove e7–e5")).to_be_visible()
    await drag(white, "e2", "e4")
    await white.my_turn()
    cell = white.page.locator('.squares [aria-label^="e5:"]')
    await expect(cell).to_have_attribute("aria-label", "e5: black pawn")


async def test_a_whole_game_is_played_with_the_keyboard_alone(arrive: Arrive) -> None:
    ann = await arrive()
    page, keys = ann.page, ann.page.keyboard
    await ann.begin_with_keys("Connect four")
    for turn in range(21):
        await page.wait_for_selector("main.my-turn, main[data-status=over]")
        if await page.locator("main[data-status=over]").count():
            break
        before = await ann.seq()
        await page.locator('[role="gridcell"][tabindex="0"]').focus()
        for _ in range(turn % 3):
            await keys.press("ArrowRight" if turn % 2 else "ArrowLeft")
        here = await page.locator('[role="gridcell"]:focus').get_attribute("aria-label") or ""
        if here.endswith(", possible"):
            await keys.press("Enter")
        else:
            # That column is full: the list has every action, and a field to find one.
            await page.get_by_text("actions as a list").focus()
            if not await page.locator(".actions .find").count():
                await keys.press("Enter")
            await page.locator(".actions .group button").first.focus()
            await keys.press("Enter")
        await ann.moved(before)
    await expect(page.locator("main[data-status=over]")).to_be_visible()
    await expect(page.get_by_role("log")).not_to_be_empty()


async def test_a_replay_is_stepped_through_and_has_a_link_to_every_move(
    arrive: Arrive, tmp_path: Path
) -> None:
    white, black = await table_of_two(arrive, "Chess")
    await drag(white, "e2", "e4")
    await tap(black, "e7", "e5")
    await white.my_turn()
    await white.page.get_by_label("Resign …").click()
    await white.page.get_by_role("button", name="Resign", exact=True).click()
    await white.sees("You lost")
    await white.page.get_by_role("link", name="Replay").click()
    page = white.page
    e4 = page.locator('.squares [aria-label^="e4:"]')
    await expect(e4).to_have_attribute("aria-label", "e4: empty")
    await page.get_by_label("One on").click()
    await expect(e4).to_have_attribute("aria-label", "e4: white pawn")
    await page.keyboard.press("End")
    await white.sees("won")
    await page.locator(".moves button").first.click()
    link = await page.get_by_label("Link to this move").input_value()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="PGN").click()
    pgn = tmp_path / "game.pgn"
    await (await coming.value).save_as(pgn)
    assert '[White "Ann"]' in pgn.read_text()
    assert pgn.read_text().rstrip().endswith("1. e4 e5 0-1")
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="JSON").click()
    log = tmp_path / "game.json"
    await (await coming.value).save_as(log)
    assert json.loads(log.read_text())["engine"] == "openspiel:chess"
    # A stranger with the link sees that move.
    eve = await arrive()
    await eve.page.goto(link)
    e4 = eve.page.locator('.squares [aria-label^="e4:"]')
    await expect(e4).to_have_attribute("aria-label", "e4: white pawn")


async def test_the_table_stays_in_view_and_a_move_is_kept_while_the_line_is_down(
    arrive: Arrive,
) -> None:
    ann, ben = await table_of_two(arrive, "Tic tac toe")
    await ann.my_turn()
    before = await ann.seq()
    await ann.context.set_offline(True)
    await ann.page.locator('[role="gridcell"][aria-label^="Row 1, column 1:"]').click()
    await expect(ann.page.get_by_role("gridcell", name="Row 2, column 2")).to_be_visible()
    await ann.context.set_offline(False)
    await ann.moved(before)
    await ben.cell("Row 2, column 2")
    await ann.cell("Row 3, column 3")


async def test_somebody_who_has_no_seat_watches(arrive: Arrive) -> None:
    ann, ben = await table_of_two(arrive, "Tic tac toe")
    eve = await arrive()
    await eve.enter("Eve", ann.page.url.removeprefix(ann.url))
    await expect(eve.page.get_by_text("You are watching")).to_be_visible()
    await ann.cell("Row 1, column 1")
    cell = eve.page.get_by_role("gridcell", name="Row 1, column 1: x of Ann")
    await expect(cell).to_be_visible()
    await ben.my_turn()


@pytest.mark.parametrize(
    "name",
    ["duel", "openspiel:hearts", "openspiel:backgammon", "openspiel:y"],
)
async def test_the_first_actions_of_a_game_are_played_against_bots(
    arrive: Arrive, name: str
) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    await ann.page.wait_for_selector("button.tile:not([disabled])")
    answer = await ann.context.request.get(f"{ann.url}/api/v1/engines")
    engines = {one["name"]: one for one in (await answer.json())["engines"]}
    assert sum((await play(ann, engines[name])).values()) == 4


async def test_who_comes_with_a_token_needs_no_name(arrive: Arrive) -> None:
    ann, twin = await arrive(), await arrive()
    await ann.enter("Ann")
    await ann.page.wait_for_selector("button.tile:not([disabled])")
    token = await ann.page.evaluate("JSON.parse(localStorage['meeple.account']).token")
    await twin.page.goto(f"{twin.url}/#token={token}")
    await expect(twin.page.get_by_label("You are Ann")).to_be_visible()
    assert "token" not in twin.page.url


async def test_who_chooses_a_game_first_is_asked_for_a_name_and_a_board_fits_a_lying_phone(
    arrive: Arrive,
) -> None:
    ann = await arrive(**PHONE | {"viewport": {"width": 844, "height": 390}})
    await ann.page.goto(ann.url)
    await ann.choose("Chess")
    await expect(ann.page.get_by_label("Your name")).to_be_focused()
    # A name as wide as there is.
    await ann.page.keyboard.type("W" * 32)
    await ann.page.keyboard.press("Enter")
    dialog = ann.page.get_by_role("dialog", name="Chess")
    await expect(dialog.get_by_role("button", name="Play")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    box = await ann.page.locator(".chess-board").bounding_box()
    assert box is not None
    assert box["height"] > 0.7 * 390
    assert box["y"] + box["height"] < 390
    width = await ann.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 844


async def test_a_clock_runs_and_shows_tenths_when_little_is_left(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    dialog = await ann.choose("Connect four")
    await dialog.get_by_label("Clock").select_option("custom")
    await dialog.get_by_label("seconds", exact=True).fill("9")
    await dialog.locator("button.main").click()
    own = ann.page.locator(".plate.own .clock")
    await expect(own).to_have_text("0:09.0")
    await ann.cell("Row 6, column 4")
    await ann.my_turn()
    # The first action was free; now the time runs.
    await expect(own).to_have_text(re.compile(r"0:0[78]\.\d"))


async def test_the_first_load_is_small_and_brings_no_board(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.page.goto(ann.url)
    await ann.page.wait_for_selector(".tile strong")
    loaded = await ann.page.evaluate(
        "performance.getEntries().filter(one => one.transferSize > 0)"
        ".map(one => [one.name, one.transferSize])"
    )
    assets = {name: size for name, size in loaded if "/api/" not in name}
    assert sum(assets.values()) < 150_000
    assert not any(board in name for name in assets for board in ("chess", "grid", "cards"))


async def test_who_has_a_name_already_sits_down_and_a_reload_loses_nothing(
    arrive: Arrive,
) -> None:
    ann, ben = await arrive(), await arrive()
    await ben.enter("Ben")
    await ben.page.wait_for_selector("button.tile:not([disabled])")
    await ann.enter("Ann")
    await ann.make_table("Tic tac toe", against="Anybody")
    await ben.page.locator("a.row", has_text="with Ann").click()
    await ben.page.get_by_role("button", name="Sit down").click()
    await ann.cell("Row 1, column 1")
    await ben.cell("Row 2, column 2")
    await ben.page.reload()
    await ann.cell("Row 3, column 3")
    await ben.cell("Row 1, column 2")
    await expect(ben.page.get_by_role("gridcell", name="x of Ann")).to_have_count(2)


async def test_cards_and_men_are_dragged(arrive: Arrive) -> None:
    ann = await arrive()
    await ann.enter("Ann")
    await ann.make_table("Goofspiel")
    await ann.my_turn()
    before = await ann.seq()
    box = await ann.page.locator(".card.playable").nth(4).bounding_box()
    assert box is not None
    await ann.page.mouse.move(box["x"] + 20, box["y"] + 20)
    await ann.page.mouse.down()
    await ann.page.mouse.move(box["x"] + 40, box["y"] - 150, steps=4)
    await ann.page.mouse.up()
    await ann.moved(before)
    await ann.page.goto(ann.url)
    await ann.make_table("Checkers")
    await ann.my_turn()
    before = await ann.seq()
    for name in ("c3", "d4"):
        box = await ann.page.locator(f'[role="gridcell"][aria-label^="{name}:"]').bounding_box()
        assert box is not None
        await ann.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await (ann.page.mouse.down() if name == "c3" else ann.page.mouse.up())
    await ann.moved(before)


async def test_players_talk_offer_and_go_on_to_a_rematch_with_seats_swapped(
    arrive: Arrive,
) -> None:
    ann, ben = await table_of_two(arrive, "Chess")
    await drag(ann, "e2", "e4")
    await ann.page.get_by_label("Say something at this table").fill("Have fun, Ben!")
    await ann.page.keyboard.press("Enter")
    await expect(ben.page.get_by_text("Have fun, Ben!")).to_be_visible()
    await ann.page.get_by_label("Offer a draw").click()
    await expect(ben.page.get_by_text("Ann offers a draw")).to_be_visible()
    await ben.page.get_by_role("button", name="Decline").click()
    await expect(ann.page.get_by_text("You offer a draw")).to_be_hidden()
    await ann.page.get_by_label("Ask to take the last move back").click()
    await ben.page.get_by_role("button", name="Accept").click()
    e4 = ben.page.locator('.squares [aria-label^="e4:"]')
    await expect(e4).to_have_attribute("aria-label", "e4: empty")
    await ben.page.get_by_label("Resign …").click()
    await ben.page.get_by_role("button", name="Resign", exact=True).click()
    await ann.sees("You won")
    first = ann.page.url
    await ann.page.get_by_role("button", name="Rematch").click()
    await ben.page.get_by_role("button", name="Accept").click()
    await ben.my_turn()
    await expect(ann.page).not_to_have_url(first)
    await drag(ben, "d2", "d4")
    await ann.my_turn()


async def test_what_is_taken_back_leaves_the_moves_of_the_table_and_is_struck_out_in_the_replay(
    arrive: Arrive,
) -> None:
    ann, ben = await table_of_two(arrive, "Chess")
    await tap(ann, "e2", "e4")
    await ann.page.get_by_label("Ask to take the last move back").click()
    await ben.page.get_by_role("button", name="Accept").click()
    await tap(ann, "d2", "d4")
    for one in (ann, ben):
        moves = one.page.locator(".moves li:not(.note)")
        await expect(moves).to_have_text(["d4"])
    await ben.page.get_by_label("Resign …").click()
    await ben.page.get_by_role("button", name="Resign", exact=True).click()
    await ben.page.get_by_role("link", name="Replay").click()
    await expect(ben.page.locator(".moves li.undone")).to_have_text(["e4"])


async def test_who_looks_round_in_the_lobby_has_not_left_the_game(arrive: Arrive) -> None:
    ann, ben = await table_of_two(arrive, "Tic tac toe")
    await ann.cell("Row 1, column 1")
    await ann.page.get_by_role("link", name="Meeple").click()
    await ann.page.locator("a.row", has_text="with Ben").first.wait_for()
    await ben.cell("Row 2, column 2")
    there = ben.page.locator(".plate", has_text="Ann")
    await expect(there.get_by_label("here", exact=True)).to_be_visible()
    await ann.page.locator("a.row", has_text="with Ben").first.click()
    await ann.cell("Row 1, column 2")
    await expect(ann.page.locator(".moves li")).to_have_count(3)


@pytest.mark.parametrize("game", ["Chess", "Connect four"])
async def test_the_computer_answers(arrive: Arrive, game: str) -> None:
    ann = await arrive(**PHONE)
    await ann.enter("Ann")
    dialog = await ann.choose(game)
    await dialog.get_by_label("Level").fill("1")
    await dialog.locator("button.main").click()
    for turn in range(3):
        await ann.my_turn()
        await expect(ann.page.locator(".moves li:not(.empty)")).to_have_count(2 * turn)
        await ann.page.wait_for_selector(POSSIBLE)
        before = await ann.seq()
        await act(ann.page, Random(turn))
        await ann.moved(before)
    await ann.page.wait_for_selector("main.my-turn, main[data-status=over]")
