"""Writes docs/games/openspiel.md: ``python -m tests.openspiel.table``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meeple.bots import EnginePolicy, policy_for
from meeple.engine import Redeals
from meeple.engine.rules import Rules
from meeple.engines.openspiel.boards import BOARDS
from meeple.engines.openspiel.boards.cards import CARDS
from meeple.engines.openspiel.bounds import BOUNDS
from meeple.engines.openspiel.registry import (
    FIXED,
    on_offer,
    reason_left_out,
    registered,
    seats_of,
)
from meeple.engines.openspiel.thinking import make_engine
from meeple.errors import PolicyNotAvailable

PAGE = Path(__file__).parents[2] / "docs/games/openspiel.md"

TOP = """\
# The games of OpenSpiel

This page is generated; `make openspiel` writes it anew and a test checks that it is current.

With the extra `meeple[openspiel]`, which `make play` installs, Meeple offers {count} games of
[OpenSpiel](https://github.com/google-deepmind/open_spiel), as `openspiel:NAME`.

- **Actions** are the words that the library prints, such as `Nf3`, or its integer ids. The log
  keeps the word.
- **Views** have the viewer's own observation as `text`. Some have a `board`, to be drawn:
  [views](../views.md) says how.
- **Spectators** see all of a game with perfect information. Of the others they see what the
  library makes public, or else only whose turn it is and how many actions have been played.
- **Chance** is drawn by Meeple, so games replay. They do so with the library that they were played
  with: another version of it may print actions otherwise, and then refuses an old log.
- **Seats** have the library's numbers. In chess and all that is made of it White is seat 1 and
  moves first.
- **Options** are the library's parameters, within bounds that a server can bear; `GET
  /api/v1/engines` has types, bounds and defaults. Chess has one more: `fen`, the position to start
  from.
- **Redeal**: what a seat cannot know can be dealt anew, which bots and `meeple check` use. There
  is nothing to be dealt anew where nothing is hidden (–).
- **Bot**: which search plays the game as `mcts`, the library's or Meeple's own. Where something is
  hidden it thinks about redealt states, and in gin rummy it plays them out sensibly, for by chance
  hardly any game is won. Where there is none, only `random` plays.

| Name | Game | Players | Information | Turns | Chance | View | Redeal | Bot | Options |
|---|---|---|---|---|---|---|---|---|---|
"""

BOTTOM = """
## Left out

| Name | Why |
|---|---|
{left_out}

Games that the library makes of Python code are no part of its registry, and not on offer.

## Not as the library has them

{fixed}
- `bridge` is bid and played; the library by default ends it with the auction.
- `chinese_checkers` and `snake` have fewer players at most: the library has gaps in its numbers.
- `negotiation` and `tarok` deal by a generator of their own, which Meeple seeds, with 31 bits: who
  tries all seeds can find out the deal.
- `hearts` and `universal_poker` cannot redeal, though the library says so: the first may never
  end, the second deals wrongly.
- `universal_poker` shows its information state: its observation leaves out the board cards. It is
  for two, as its blinds and stacks are.
- `goofspiel` has no `imp_info`, `coop_box_pushing` no `fully_observable` and `laser_tag` no
  `fully_obs`: with these the library still calls its games what they are without, and a spectator
  would see one player's secrets.
- Parameters that are paths, seeds, other games, or free texts with numbers in them are no options.
"""


def page() -> str:
    """The whole page."""
    kinds = on_offer()
    rows = [row(kinds[name]) for name in sorted(kinds)]
    left_out = "\n".join(
        f"| `{name}` | {reason} |"
        for name, kind in sorted(registered().items())
        if (reason := reason_left_out(kind)) is not None
    )
    fixed = "\n".join(
        f"- `{name}` has `{parameter}` = `{value}`."
        for name, parameters in sorted(FIXED.items())
        for parameter, value in parameters.items()
    )
    return (
        TOP.format(count=len(rows))
        + "\n".join(rows)
        + "\n"
        + BOTTOM.format(left_out=left_out, fixed=fixed)
    )


def row(kind: Any) -> str:
    """One game."""
    name, seats = kind.short_name, seats_of(kind)
    engine = make_engine(name)
    few, many = seats[0], seats[-1]
    options = [*sorted(BOUNDS.get(name, {})), *(["fen"] if name == "chess" else [])]
    cells = [
        f"`{name}`",
        kind.long_name,
        str(few) if few == many else f"{few}–{many}",
        kind.information.name.replace("_INFORMATION", "").replace("_", " ").lower(),
        kind.dynamics.name.lower(),
        "no" if kind.chance_mode.name == "DETERMINISTIC" else "yes",
        "cards" if name in CARDS else "board" if name in BOARDS else "text",
        "–" if engine.perfect_information else "yes" if isinstance(engine, Redeals) else "",
        _bot(Rules(name, engine)),
        ", ".join(f"`{option}`" for option in options),
    ]
    return f"| {' | '.join(cells)} |"


def _bot(rules: Rules) -> str:
    """Whose search plays it."""
    try:
        policy = policy_for("mcts", rules)
    except PolicyNotAvailable:
        return ""
    return "library" if isinstance(policy, EnginePolicy) else "Meeple"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
