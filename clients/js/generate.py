"""Writes ``src/generated.ts``: the messages of Socket.IO and REST as TypeScript types.

``python clients/js/generate.py`` (or ``make types``) writes it; with ``--check`` it only says
whether what is there is what it would write.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as kinds

from meeple import errors
from meeple.schemas import rest
from meeple.schemas import ws_messages as ws
from meeple.services.executor import Receipt
from meeple.services.viewers import Joined

TARGET = Path(__file__).parent / "src" / "generated.ts"

HEAD = """\
// Made from the server's schemas by `make types`; do not edit.

/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
"""

SIMPLE: dict[type[kinds.Type], str] = {
    kinds.AnyType: "Json",
    kinds.BoolType: "boolean",
    kinds.FloatType: "number",
    kinds.IntType: "number",
    kinds.NoneType: "null",
    kinds.StrType: "string",
    kinds.UUIDType: "string",
}


class Writer:
    """Gathers the declarations that a type needs, each once.

    What is written first has its own name; another class of that name is a ``…Message``.
    """

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}
        self._names: dict[type, str] = {}

    def name(self, one: kinds.Type) -> str:
        """``one`` as TypeScript writes it.

        Raises:
            TypeError: it is of a kind that no message has had so far.
        """
        if type(one) in SIMPLE:
            return SIMPLE[type(one)]
        match one:
            case kinds.Metadata():
                return self.name(one.type)
            case kinds.UnionType():
                return " | ".join(dict.fromkeys(map(self.name, one.types)))
            case kinds.ListType() | kinds.VarTupleType() | kinds.CollectionType():
                return f"readonly {self._bracketed(one.item_type)}[]"
            case kinds.TupleType():
                return f"readonly [{', '.join(map(self.name, one.item_types))}]"
            case kinds.DictType():
                return f"{{ readonly [key: string]: {self.name(one.value_type)} }}"
            case kinds.LiteralType():
                return " | ".join(map(json.dumps, one.values))
            case kinds.EnumType():
                return self._declare_enum(one.cls)
            case kinds.StructType():
                return self._declare_struct(one)
        raise TypeError(f"no TypeScript for {one}")

    def _bracketed(self, one: kinds.Type) -> str:
        name = self.name(one)
        return f"({name})" if " " in name else name

    def _declare_enum(self, cls: type[Enum]) -> str:
        if cls not in self._names:
            words = " | ".join(json.dumps(one.value) for one in cls)
            name = self._new_name(cls)
            self.declared[name] = f"{_doc(cls)}export type {name} = {words};\n"
        return self._names[cls]

    def _declare_struct(self, one: kinds.StructType) -> str:
        cls = one.cls
        if cls not in self._names:
            name = self._new_name(cls)  # first, as it may refer to itself
            notes = dict(_attributes(cls))
            fields = "".join(self._field(one, field, notes) for field in one.fields)
            if one.tag_field is not None:
                fields = f"  readonly {one.tag_field}: {json.dumps(one.tag)};\n" + fields
            self.declared[name] = f"{_doc(cls)}export interface {name} {{\n{fields}}}\n"
        return self._names[cls]

    def _new_name(self, cls: type) -> str:
        name = cls.__name__
        if name in self._names.values():
            name += "Message"
        if name in self._names.values():
            raise TypeError(f"another class is {name} already")
        self._names[cls] = name
        return name

    def events(self, name: str, events: dict[str, Any], doc: str) -> None:
        """Declare ``name``: which event has which payload."""
        fields = "".join(
            f'  "{event}": {self.name(kinds.type_info(cls))};\n' for event, cls in events.items()
        )
        self.declared[name] = f"/** {doc} */\nexport interface {name} {{\n{fields}}}\n"

    def _field(self, one: kinds.StructType, field: kinds.Field, notes: dict[str, str]) -> str:
        unset = field.default is NODEFAULT and field.default_factory is NODEFAULT
        config = one.cls.__struct_config__
        # What a client sends refuses unknown fields; there, what has a default may be left out.
        sent = one.forbid_unknown_fields
        optional = not field.required and (unset or sent or config.omit_defaults)
        type_ = self.name(field.type)
        if field.encode_name == "ok" and isinstance(field.type, kinds.BoolType):
            # What tells the two kinds of ack apart.
            type_ = "false" if one.cls is ws.Failed else "true"
        mark, more = ("?", " | undefined" if sent else "") if optional else ("", "")
        note = notes.get(field.name)
        comment = "" if note is None else f"  /** {note} */\n"
        return f"{comment}  readonly {field.encode_name}{mark}: {type_}{more};\n"


def _doc(cls: type) -> str:
    text = inspect.getdoc(cls) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return f"/** {_words(paragraph)} */\n"


def _attributes(cls: type) -> Iterator[tuple[str, str]]:
    """What the docstring says of each field."""
    _, _, text = (inspect.getdoc(cls) or "").partition("Attributes:\n")
    for name, words in re.findall(r"^    (\w+): (.+(?:\n      +.+)*)", text, re.MULTILINE):
        yield name, _words(" ".join(words.split()))


def _words(text: str) -> str:
    """Python's words in TypeScript's."""
    for here, there in (("``", "`"), ("None", "null"), ("True", "true")):
        text = text.replace(here, there)
    return text


def _codes(cls: type[errors.MeepleError] = errors.MeepleError) -> Iterator[str]:
    yield cls.code
    for below in cls.__subclasses__():
        yield from _codes(below)


def text() -> str:
    """The whole file."""
    bodies = [
        one
        for one in vars(rest).values()
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one is not rest.Body
    ]
    writer = Writer()
    # States come first: theirs are the names that a user reads.
    writer.events("ServerEvents", ws.SERVER_EVENTS, "What the server may send.")
    for cls in (ws.Failed, Receipt, Joined, *bodies):
        writer.name(kinds.type_info(cls))
    writer.events("ClientEvents", ws.CLIENT_EVENTS, "What a client may send.")
    codes = "".join(f"\n  | {json.dumps(code)}" for code in dict.fromkeys(_codes()))
    return "\n".join(
        (
            HEAD,
            f"/** What went wrong, in stable words. */\nexport type ErrorCode ={codes};\n",
            *writer.declared.values(),
        )
    )


def main() -> str | None:
    """Write the file, or only compare; gives what is wrong, if anything is."""
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text())
    elif not TARGET.exists() or TARGET.read_text() != text():
        return f"{TARGET} is not what the schemas say; run `make types`"
    return None


if __name__ == "__main__":
    sys.exit(main())
