"""Players' names: what others at the table read."""

from __future__ import annotations

import re
import unicodedata

from meeple.bots import POLICIES
from meeple.errors import InvalidMessage

#: The longest name, in characters.
MAX_NAME = 32
DEFAULT_NAME = "Player"

#: Joins emoji to one, such as a family; in between letters it would only hide.
_JOINER = "\u200d"
#: Letters and symbols of which nothing is to be seen: the Hangul fillers and an empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_HOUSE_BOT = re.compile(rf"({'|'.join(POLICIES)}) bot(, level \d+)?", re.IGNORECASE)


def checked_name(name: str) -> str:
    """A name that somebody chooses, in NFC and without the spaces around it.

    Raises:
        InvalidMessage: it could mislead: it holds what is not seen, breaks lines or turns text
            around, or is one of the house's bots'; or it is empty, or longer than `MAX_NAME`.
    """
    name = unicodedata.normalize("NFC", name).strip(" ")
    for at, character in enumerate(name):
        if not _fits(name, at):
            raise InvalidMessage(
                f"name: it holds {_word_for(character)}; letters, digits, punctuation, symbols and"
                " spaces will do"
            )
    if "  " in name:
        raise InvalidMessage("name: one space after the other")
    if not name or len(name) > MAX_NAME:
        raise InvalidMessage(f"name: it has 1 to {MAX_NAME} characters, besides spaces around it")
    if _is_mark(name[0]):
        raise InvalidMessage("name: it begins with a mark that belongs to a letter")
    if _is_house_bots(name):
        raise InvalidMessage("name: that is what the house's bots are called")
    return name


def clean_name(name: object) -> str:
    """The name that another issuer's token brings, without what `checked_name` would refuse.

    Anything that is not a string, has nothing to show, or is a house bot's becomes `DEFAULT_NAME`.
    """
    if not isinstance(name, str):
        return DEFAULT_NAME
    name = unicodedata.normalize("NFC", name)
    shown = "".join(character for at, character in enumerate(name) if _fits(name, at))
    shown = re.sub(" +", " ", shown)
    while shown and (shown[0] == " " or _is_mark(shown[0])):
        shown = shown[1:]
    shown = shown[:MAX_NAME].strip(" ")
    return DEFAULT_NAME if not shown or _is_house_bots(shown) else shown


def is_seen(character: str) -> bool:
    """Whether there is something of it to see by itself: no space, mark, control or filler."""
    return unicodedata.category(character)[0] not in "CZM" and character not in _BLANK


def _fits(name: str, at: int) -> bool:
    character = name[at]
    if character == _JOINER:
        around = [unicodedata.category(one) for one in (name[at - 1 : at] + name[at + 1 : at + 2])]
        return len(around) == 2 and around[0] in ("So", "Sk", "Mn") and around[1] == "So"
    if character == " ":
        return True
    # C: control, format (which could turn the text around), surrogates (which no encoder takes),
    # private and unassigned; Z: other spaces and ends of lines.
    return unicodedata.category(character)[0] not in "CZ" and character not in _BLANK


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _is_house_bots(name: str) -> bool:
    return _HOUSE_BOT.fullmatch(unicodedata.normalize("NFKC", name)) is not None


def _word_for(character: str) -> str:
    kind = {"Cc": "a control character", "Cf": "a formatting character"}.get(
        unicodedata.category(character), "a character"
    )
    return f"{kind} (U+{ord(character):04X})"
