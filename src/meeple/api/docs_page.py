"""``/api/docs``: the OpenAPI document as a page to read. No script, and nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from meeple.api.page import HEADERS

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
h3 { margin: 1.5rem 0 0; font-size: 1rem; }
table { border-collapse: collapse; margin: .5rem 0; }
td, th { border: 1px solid #8886; padding: .2rem .6rem; text-align: left; vertical-align: top; }
code { font-size: .9em; }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: The page has no script, and no style but its own.
DOCS_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
}

Json = Mapping[str, Any]


def docs_page(document: Json) -> str:
    """The page.

    Args:
        document: OpenAPI 3.1.
    """
    info = document["info"]
    routes = [
        _route(path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    schemas = document["components"]["schemas"]
    title = f"{info['title']} {info['version']}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><style>' + STYLE + "</style>"
        f"<h1>{escape(title)}</h1><p>{escape(info.get('summary', ''))}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a></p>'
        f"<h2>Routes</h2>{''.join(routes)}"
        f"<h2>Bodies</h2>{''.join(_schema(name, schemas[name]) for name in sorted(schemas))}"
        "</html>\n"
    )


def _route(path: str, method: str, operation: Json) -> str:
    parameters = [
        (
            f"<code>{escape(one['name'])}</code>",
            escape(one["in"]) + ("" if one.get("required") else ", optional"),
            _type(one["schema"]),
        )
        for one in operation.get("parameters", ())
    ]
    answers = [
        (escape(status), escape(one["description"]), _content(one))
        for status, one in operation["responses"].items()
    ]
    said = [f"<p>{_prose(operation.get('description', ''))}</p>"]
    if operation.get("security"):
        said.append("<p><code>Authorization: Bearer TOKEN</code></p>")
    said.append(_table(("Parameter", "In", "Type"), parameters))
    if "requestBody" in operation:
        said.append(f"<p>Takes {_content(operation['requestBody'])}</p>")
    said.append(_table(("Answer", "", "Body"), answers))
    return f"<h3><code>{method.upper()} {escape(path)}</code></h3>{''.join(said)}"


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    fields = [
        (
            f"<code>{escape(field)}</code>{'' if field in required else ', optional'}",
            _type(one),
            _prose(one.get("description", "")),
        )
        for field, one in schema.get("properties", {}).items()
    ]
    body = _table(("Field", "Type", ""), fields) if fields else f"<p>{_type(schema)}</p>"
    words = _prose(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{words}</p>{body}'


def _prose(docstring: str) -> str:
    words = re.sub("``(.+?)``", r"<code>\1</code>", escape(docstring))
    return words.replace("\n\n", "<br>")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already; nothing if there are no rows."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    if not lines:
        return ""
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    return f"<table><tr>{top}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _content(one: Json) -> str:
    return ", ".join(_type(kind["schema"]) for kind in one.get("content", {}).values() if kind)


def _type(schema: Json) -> str:
    """The type of a value in a few words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(one))}</code>" for one in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items') or {})}"
    return escape(f"{kind}{_bounds(schema)}")


def _bounds(schema: Json) -> str:
    words = [
        f"{word} {json.dumps(schema[key]) if key == 'default' else schema[key]}"
        for key, word in (
            ("format", "of the form"),
            ("minimum", "at least"),
            ("maximum", "at most"),
            ("minLength", "of at least"),
            ("maxLength", "of at most"),
            ("default", "else"),
        )
        if schema.get(key) is not None
    ]
    return f" ({', '.join(words)})" if words else ""
