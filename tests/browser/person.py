"""A person at a page: what tests do there, and what may never happen there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, expect

#: What one says of a cell that may be clicked.
POSSIBLE = '[role="gridcell"][aria-label$=", possible"]'


class Person:
    """Somebody with a browser of their own.

    Whatever the page complains of (an error, a breach of its policy, a request to another host) is
    kept in `complaints`.
    """

    def __init__(self, url: str, context: BrowserContext, page: Page) -> None:
        self.url = url
        self.context = context
        self.complaints: list[str] = []
        self._line_is_broken = False
        self._follow(page)

    @classmethod
    async def arrive(cls, browser: Browser, url: str, **options: Any) -> Person:
        """Open a browser; nothing is loaded yet."""
        context = await browser.new_context(**options)
        context.set_default_timeout(10_000)
        return cls(url, context, await context.new_page())

    def _follow(self, page: Page) -> None:
        self.page = page
        page.on("console", lambda one: self._heard(one.type, one.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)

    def _heard(self, kind: str, text: str) -> None:
        # While a line is cut on purpose, the browser says so.
        cut = "net::ERR_INTERNET_DISCONNECTED" in text or (
            self._line_is_broken and ("net::ERR_" in text or "WebSocket connection to" in text)
        )
        if kind in ("error", "warning") and not cut:
            self.complaints.append(f"{kind}: {text}")

    @contextmanager
    def broken_line(self) -> Iterator[None]:
        """Meanwhile the browser may say that it cannot reach the server."""
        self._line_is_broken = True
        yield
        self._line_is_broken = False

    def _asked(self, request: Request) -> None:
        there = urlsplit(request.url)
        if there.scheme not in ("blob", "data") and there.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"request to another host: {request.url}")

    async def enter(self, name: str, path: str = "") -> None:
        """Open the page and give a name."""
        await self.page.goto(self.url + path)
        await self.page.get_by_label("Your name").fill(name)
        await self.page.get_by_label("Your name").press("Enter")
        await self.page.get_by_label(f"You are {name}").wait_for()

    async def choose(self, game: str) -> Locator:
        """Choose the game that is called so in the lobby; gives the dialog for a new table."""
        await self.page.get_by_label("Search the games").fill(game)
        named = self.page.locator("button.tile", has=self.page.get_by_text(game, exact=True))
        await named.first.click()
        return self.page.get_by_role("dialog")

    async def begin_with_keys(self, game: str) -> None:
        """Come as Ann and begin a game against the computer, without a mouse."""
        page, keys = self.page, self.page.keyboard
        await page.goto(self.url)
        await page.get_by_label("Your name").focus()
        await keys.type("Ann")
        await keys.press("Enter")
        await page.get_by_label("You are Ann").wait_for()
        await page.get_by_label("Search the games").focus()
        await keys.type(game.lower())
        await expect(page.locator("button.tile").first).to_contain_text(game)
        await keys.press("Tab")
        await keys.press("Enter")
        await page.get_by_role("dialog").wait_for()
        await page.get_by_role("dialog").get_by_role("button", name="Play").focus()
        await keys.press("Enter")
        await page.wait_for_selector("main[data-seq]")

    async def make_table(self, game: str, **choices: str) -> str:
        """Make a table of the game; gives its address."""
        dialog = await self.choose(game)
        against = choices.pop("against", None)
        if against is not None:
            await dialog.get_by_text(against).click()
        for label, option in choices.items():
            await dialog.get_by_label(label.replace("_", " ")).select_option(option)
        await dialog.locator("button.main").click()
        await self.page.wait_for_selector("main[data-seq]")
        return self.page.url.removeprefix(self.url)

    async def my_turn(self) -> None:
        """Wait until this person is to act."""
        await self.page.wait_for_selector("main.my-turn")

    async def cell(self, name: str) -> None:
        """Click on a cell when it is this person's turn, and see the action arrive."""
        await self.my_turn()
        before = await self.seq()
        await self.page.locator(f'[role="gridcell"][aria-label^="{name}:"]').click()
        await self.moved(before)

    async def seq(self) -> int:
        """The seq of what is shown."""
        return int(await self.page.locator("main[data-seq]").get_attribute("data-seq") or 0)

    async def moved(self, seq: int) -> None:
        """Wait until more is shown than ``seq``."""
        await self.page.wait_for_function(
            "seq => Number(document.querySelector('main[data-seq]')?.dataset.seq) > seq", arg=seq
        )

    async def sees(self, text: str) -> None:
        """Wait until the status says so."""
        await expect(self.page.locator(".status")).to_contain_text(text)

    async def leave(self) -> None:
        """Close the browser; the page must have had nothing to complain of."""
        await self.context.close()
        assert not self.complaints, self.complaints
