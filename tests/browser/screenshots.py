"""Pictures of the page, in ``docs/images``: ``python -m tests.browser.screenshots [NAME …]``.

Everything in them was played there and then, on a server of their own. The few that the README
shows are kept in the repository.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from playwright.async_api import Browser, expect

from tests.browser.chromium import browsing
from tests.browser.every_game import act
from tests.browser.person import POSSIBLE, Person
from tests.harness import server_process

FOLDER = Path(__file__).parents[2] / "docs/images"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1200, "height": 780}, "device_scale_factor": 1}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 800},
    "device_scale_factor": 1.5,
    "has_touch": True,
    "is_mobile": True,
}
#: A game of chess as it has been played ten thousand times.
SPANISH = "e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O Be7 Re1 b5 Bb3 d6 c3 O-O"
DARK = {"color_scheme": "dark"}
TIDY = """
() => {
  document.activeElement?.blur();
  for (const one of document.querySelectorAll("details[open]")) one.open = false;
  scrollTo(0, 0);
}
"""


class Studio:
    """Makes the pictures, one after the other, of the games on one server."""

    def __init__(self, browser: Browser, url: str, wanted: list[str]) -> None:
        self._browser = browser
        self._url = url
        self._wanted = wanted
        self._people: list[Person] = []

    async def person(self, name: str, path: str = "", **options: Any) -> Person:
        """Somebody who is at the page, or at the table of that address."""
        one = await Person.arrive(self._browser, self._url, reduced_motion="reduce", **options)
        self._people.append(one)
        await one.enter(name, path)
        return one

    async def take(self, person: Person, name: str) -> None:
        """Make a picture of what the person sees."""
        if self._wanted and name not in self._wanted:
            return
        page = person.page
        await page.mouse.move(0, 0)
        await page.evaluate(TIDY)
        await page.wait_for_load_state("networkidle")
        if await page.locator("main.table").count():
            await expect(page.locator(".moves .empty")).to_have_count(0)
        path = FOLDER / f"{name}.png"
        await page.screenshot(path=path, animations="disabled")
        print(f"{path.name}: {path.stat().st_size // 1024} kB", flush=True)

    async def close(self) -> None:
        for one in self._people:
            await one.context.close()


async def against_bot(person: Person, game: str, level: int = 1) -> str:
    """A table against the house's bot; gives its address."""
    dialog = await person.choose(game)
    await dialog.get_by_label("Level").fill(str(level))
    await dialog.locator("button.main").click()
    await person.page.wait_for_selector("main[data-seq]")
    await person.my_turn()
    return person.page.url.removeprefix(person.url)


async def moves(person: Person, *texts: str) -> None:
    """Play these, as the list of actions calls them."""
    for text in texts:
        await person.my_turn()
        before = await person.seq()
        details = person.page.locator(".actions details")
        if await details.count() and await details.get_attribute("open") is None:
            await details.locator("summary").click()
        find = person.page.locator(".actions .find input")
        if await find.count():
            await find.fill(text)
            await find.press("Enter")
        else:
            await person.page.locator(".actions button", has_text=text).first.click()
        await person.moved(before)


async def some(person: Person, count: int, seed: int) -> None:
    """Play so many actions by chance."""
    chance = Random(seed)
    for _ in range(count):
        await person.page.wait_for_selector("main.my-turn, main[data-status=over]")
        if await person.page.locator("main[data-status=over]").count():
            return
        before = await person.seq()
        # The board comes after the rest of the table.
        await person.page.wait_for_selector(f".card.playable, {POSSIBLE}, .actions .list button")
        attack = person.page.locator(".actions .list.plain button", has_text="attack with")
        if await attack.count():
            await attack.last.click()
        else:
            await act(person.page, chance)
        await person.moved(before)


async def chess(studio: Studio) -> None:
    """Two at a chess table, one who watches on a phone, and the replay."""
    ann = await studio.person("Ann", **DESKTOP)
    ben = await studio.person("Ben", **DESKTOP, **DARK)
    await ann.make_table("Chess", against="Anybody", Clock="10 min + 5 s")
    path = ann.page.url.removeprefix(ann.url)
    await ben.page.goto(ben.url + path)
    await ben.page.get_by_role("button", name="Sit down").click()
    for ply, move in enumerate(SPANISH.split()):
        await moves((ann, ben)[ply % 2], move)
        if ply == 3:
            await ann.page.get_by_label("Say something at this table").fill("Good luck!")
            await ann.page.keyboard.press("Enter")
    await ann.my_turn()
    await studio.take(ann, "chess")
    await studio.take(ben, "chess-dark")
    eve = await studio.person("Eve", path, **PHONE)
    await eve.page.get_by_text("You are watching").wait_for()
    await eve.page.locator(".chess-board").wait_for()
    await studio.take(eve, "spectator-phone")
    await ben.page.get_by_label("Resign …").click()
    await ben.page.get_by_role("button", name="Resign", exact=True).click()
    await ann.sees("You won")
    await studio.take(ann, "chess-over")
    await ann.page.get_by_role("link", name="Replay").click()
    await ann.page.locator("main.replay").wait_for()
    for _ in range(7):
        await ann.page.get_by_label("One on").click()
    await ann.page.locator(".moves [aria-current]", has_text="Ba4").wait_for()
    await studio.take(ann, "replay")


async def bots(studio: Studio) -> None:
    """One alone: chess and connect four against the house's bot, and other grids."""
    ann = await studio.person("Ann", **DESKTOP)
    await against_bot(ann, "Chess")
    await moves(ann, "d4", "e3")
    await ann.my_turn()
    await studio.take(ann, "chess-bot")
    ben = await studio.person("Ben", **PHONE, **DARK)
    await against_bot(ben, "Connect four")
    for column in (4, 4, 3):
        await ben.cell(f"Row 6, column {column}")
    await ben.my_turn()
    await studio.take(ben, "connect-four-phone-dark")
    for game in ("Shogi", "Xiangqi", "Go", "Hex"):
        one = await studio.person("Cem", **DESKTOP)
        await against_bot(one, game)
        await some(one, 2, 5)
        await one.my_turn()
        await studio.take(one, game.lower())


async def cards(studio: Studio) -> None:
    """Tables of cards, on a phone and on a desk."""
    ann = await studio.person("Ann", **PHONE)
    await against_bot(ann, "Goofspiel")
    await some(ann, 5, 3)
    await ann.my_turn()
    await studio.take(ann, "goofspiel-phone")
    ben = await studio.person("Ben", **PHONE)
    await against_bot(ben, "Duel")
    await some(ben, 14, 9)
    await ben.page.wait_for_selector("main.my-turn, main[data-status=over]")
    await studio.take(ben, "duel-phone")
    await ben.page.set_viewport_size({"width": 1100, "height": 900})
    await studio.take(ben, "duel")
    cem = await studio.person("Cem", **DESKTOP, **DARK)
    await against_bot(cem, "Hearts")
    await some(cem, 5, 3)
    await cem.page.wait_for_selector("main.my-turn, main[data-status=over]")
    await studio.take(cem, "hearts-dark")


async def others(studio: Studio) -> None:
    """The table for every game that has no board."""
    ann = await studio.person("Ann", **DESKTOP)
    await against_bot(ann, "Quoridor")
    await some(ann, 2, 3)
    await ann.my_turn()
    await studio.take(ann, "quoridor")
    await ann.page.goto(ann.url)
    dialog = await ann.choose("Connect four")
    await studio.take(ann, "new-table")
    await dialog.get_by_text("A friend, by link").click()
    await dialog.locator("button.main").click()
    await ann.page.get_by_label("QR code of the link").wait_for()
    await studio.take(ann, "invitation")


async def lobby(studio: Studio) -> None:
    """The lobby, with what the others have left there."""
    for name, options in (
        ("lobby", DESKTOP),
        ("lobby-dark", {**DESKTOP, **DARK}),
        ("lobby-phone", PHONE),
    ):
        one = await studio.person("Dora", **options)
        await one.page.locator(".games a.row").first.wait_for()
        await studio.take(one, name)
    one = await studio.person("Dora", **{**DESKTOP, "viewport": {"width": 1200, "height": 3600}})
    await one.page.get_by_role("button", name="games").last.click()
    await studio.take(one, "all-games")


SCENES: tuple[Callable[[Studio], Awaitable[None]], ...] = (chess, bots, cards, others, lobby)


async def main(wanted: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with server_process(Path(folder)) as server, browsing() as browser:
            studio = Studio(browser, server.url, wanted)
            try:
                for scene in SCENES:
                    await scene(studio)
            finally:
                await studio.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
