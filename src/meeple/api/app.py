"""The REST application."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse

import meeple
from meeple.api.admin import router as admin_router
from meeple.api.context import Context
from meeple.api.dev import dev
from meeple.api.docs_page import DOCS_HEADERS, docs_page
from meeple.api.msgspec_routes import Api, reply
from meeple.api.page import mount_page
from meeple.api.routes import health, metrics, router
from meeple.api.unread import UnreadBodies
from meeple.errors import (
    EngineError,
    InternalError,
    InvalidMessage,
    InvalidToken,
    MeepleError,
    NotFound,
)
from meeple.schemas.ws_messages import Failed, error_body

log = structlog.get_logger(__name__)


def create_api(context: Context, *, origins: Sequence[str] = ()) -> Api:
    """The application: ``/api/v1``, documented under ``/api/docs``, ``/health``, and the page."""
    app = Api(
        title="Meeple",
        version=meeple.__version__,
        summary=(meeple.__doc__ or "").strip(),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.context = context
    app.include_router(router)
    app.include_router(admin_router)
    app.include_router(health)
    app.include_router(metrics)
    if context.dev is not None:
        app.include_router(dev)
    app.add_middleware(
        CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"]
    )
    app.add_exception_handler(MeepleError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _refuse)
    app.add_middleware(UnreadBodies)
    app.add_route("/api/docs", _docs, methods=["GET"], include_in_schema=False)
    mount_page(app, dev=context.dev is not None)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """The same error body as on the socket, with the status that goes with its code."""
    if isinstance(error, HTTPException):
        # FastAPI's own: no such path, or no such method on it (405, and what there is instead).
        words = None if error.status_code == NotFound.status else str(error.detail)
        return reply(Failed(error_body(NotFound(words))), error.status_code, error.headers)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        error = InvalidMessage(f"{where}: {first['msg']}")
    elif not isinstance(error, MeepleError):
        # Starlette logs the traceback of what nobody expected.
        error = InternalError()
    if isinstance(error, EngineError):
        log.error("engine failed", path=request.url.path, exc_info=error)
    headers = {"WWW-Authenticate": "Bearer"} if error.status == InvalidToken.status else None
    return reply(Failed(error_body(error)), error.status, headers)


async def _docs(request: Request) -> Response:
    return HTMLResponse(docs_page(request.app.openapi()), headers=DOCS_HEADERS)


async def _hung_up(request: Request, error: Exception) -> Response:
    """For one who went in the middle of a request: nobody reads it, and nothing has failed."""
    log.debug("client hung up", path=request.url.path)
    return Response(status_code=400)
