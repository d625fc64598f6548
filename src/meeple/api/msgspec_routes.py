"""FastAPI with msgspec: the same schema library on REST as on the socket.

FastAPI routes and documents; msgspec reads the bodies, writes the answers and gives the schemas.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter, FastAPI, Request, Response

from meeple.errors import InvalidMessage, PayloadTooLarge
from meeple.schemas.ws_messages import Failed

#: Bytes of a request's body.
MAX_BODY_BYTES = 64 * 1024

_T = TypeVar("_T")
_REF = "#/components/schemas/{name}"
_JSON = "application/json"


class Api(FastAPI):
    """FastAPI whose OpenAPI document holds the schemas of msgspec Structs."""

    def __init__(self, **options: Any) -> None:
        self._documented: set[type[Any]] = {Failed}
        super().__init__(**options)

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Take over the router's routes, and document what they take and give."""
        # Here, and not from the routes of the application: those need not be the router's own.
        self._documented.update(one for route in router.routes for one in _types(route))
        super().include_router(router, **options)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            _, components = msgspec.json.schema_components(
                sorted(self._documented, key=lambda one: one.__name__), ref_template=_REF
            )
            document.setdefault("components", {}).setdefault("schemas", {}).update(components)
            self.openapi_schema = document
        return self.openapi_schema


def body(body_type: type[_T]) -> Callable[[Request], Awaitable[_T]]:
    """A dependency that reads the request's body as ``body_type``; no body stands for ``{}``.

    Raises:
        InvalidMessage: it is not JSON of that form.
        PayloadTooLarge: it is over `MAX_BODY_BYTES`.
    """
    decoder = msgspec.json.Decoder(body_type)

    async def read(request: Request) -> _T:
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > MAX_BODY_BYTES:
            raise PayloadTooLarge
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BODY_BYTES:
                raise PayloadTooLarge
        try:
            return decoder.decode(bytes(data) or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidMessage(str(error)) from error

    return read


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as the JSON answer."""
    return Response(msgspec.json.encode(value), status, headers, media_type=_JSON)


def documented(
    answer: type[Any], *, request: type[Any] | None = None, status: int = 200
) -> dict[str, Any]:
    """Keyword arguments of a route that answers with ``answer`` and takes ``request``."""
    extra: dict[str, Any] = {"x-types": [one for one in (answer, request) if one is not None]}
    if request is not None:
        extra["requestBody"] = {"required": True, "content": _content(request)}
    return {
        "status_code": status,
        "responses": {
            status: {"description": "Done", "content": _content(answer)},
            "default": {"description": "Refused", "content": _content(Failed)},
        },
        "openapi_extra": _Extra(extra),
    }


class _Extra(dict[str, Any]):
    """What a route adds to the document, without the Python types that it carries along."""

    def __init__(self, extra: dict[str, Any]) -> None:
        self.types: list[type[Any]] = extra.pop("x-types")
        super().__init__(extra)


def _types(route: Any) -> list[type[Any]]:
    extra = getattr(route, "openapi_extra", None)
    return extra.types if isinstance(extra, _Extra) else []


def _content(of: type[Any]) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": _REF.format(name=of.__name__)}}}
