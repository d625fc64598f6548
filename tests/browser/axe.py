"""What axe finds on a page, in light and in dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Page

from tests.browser.person import Person

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
#: Colours that are on their way to others have no contrast to be measured.
STILL = """
() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [still];
}
"""


async def assert_accessible(page: Page, what: str) -> None:
    """Axe finds nothing serious, in light and in dark."""
    grave = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        found = await page.evaluate("() => axe.run({resultTypes: ['violations']})")
        serious = [one for one in found["violations"] if one["impact"] in GRAVE]
        grave += [f"{what}, {scheme}: {told(one)}" for one in serious]
    assert not grave, "\n".join(grave)


def told(violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    first = [f"  {one['html'][:160]}\n    {one['failureSummary'][:240]}" for one in nodes[:4]]
    return "\n".join([f"{violation['id']}: {len(nodes)} times", *first])


async def with_axe(person: Person) -> Person:
    await person.page.evaluate(AXE.read_text())
    await person.page.evaluate(STILL)
    return person
