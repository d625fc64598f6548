"""What people may be called."""

from __future__ import annotations

import pytest

from meeple.errors import InvalidMessage
from meeple.services.names import checked_name, clean_name

FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ann", "Ann"),
        ("  Ann Lee ", "Ann Lee"),
        ("Łukasz 王 (2nd)", "Łukasz 王 (2nd)"),
        ("Ame\u0301lie", "Amélie"),
        ("ณัฐวุฒิ", "ณัฐวุฒิ"),
        ("अनुष्का", "अनुष्का"),
        ("❤\ufe0f\u200d🔥 👍🏽", "❤\ufe0f\u200d🔥 👍🏽"),
        (FAMILY, FAMILY),
        ("x" * 32, "x" * 32),
        ("Talbot", "Talbot"),
        ("my bot, level 3", "my bot, level 3"),
    ],
)
def test_a_name_of_any_script_is_kept_and_by_others_as_well(name: str, kept: str) -> None:
    assert checked_name(name) == kept
    assert clean_name(name) == kept
    assert checked_name(kept) == kept


@pytest.mark.parametrize(
    ("name", "why", "cleaned"),
    [
        ("A\0nn", r"a control character \(U\+0000\)", "Ann"),
        ("Ann\nBen", "a control character", "AnnBen"),
        ("Ann\t", "a control character", "Ann"),
        ("\x1b[31mAnn", r"a control character \(U\+001B\)", "[31mAnn"),
        ("Ann\u202eneB", "a formatting character", "AnnneB"),
        ("A\u200dnn", "a formatting character", "Ann"),
        ("\u200dAnn", "a formatting character", "Ann"),
        ("Ann\u200b", "a formatting character", "Ann"),
        ("Ann\u2028Ben", "a character", "AnnBen"),
        ("Ann\u00a0Ben", "a character", "AnnBen"),
        ("Ann\ud800", "a character", "Ann"),
        ("\ue000Ann", "a character", "Ann"),
        ("\u3164", "a character", "Player"),
        ("Ann  Lee", "one space after the other", "Ann Lee"),
        ("\u0301Ann", "begins with a mark", "Ann"),
        ("", "1 to 32", "Player"),
        ("   ", "1 to 32", "Player"),
        ("x" * 33, "1 to 32", "x" * 32),
        ("mcts bot, level 3", "house's bots", "Player"),
        ("Random Bot", "house's bots", "Player"),
        ("ｍｃｔｓ bot, level 10", "house's bots", "Player"),
    ],
)
def test_a_name_that_could_mislead_is_refused_or_if_others_gave_it_cleaned(
    name: str, why: str, cleaned: str
) -> None:
    with pytest.raises(InvalidMessage, match=why):
        checked_name(name)
    assert clean_name(name) == cleaned
    assert clean_name(cleaned) == cleaned
