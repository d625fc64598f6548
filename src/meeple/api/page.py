"""The web page, served beside the API from the files that ``npm run build`` in ``web/`` makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: Where a build puts the page: inside the package, so that a wheel brings it along.
BUILT = Path(__file__).parents[1] / "web"

#: The page loads its own files and talks to its own server; nothing inline, nothing from elsewhere.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        # 'self' holds for a WebSocket to the same host and port too.
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # An invitation's address is for whom it was sent to.
    "Referrer-Policy": "no-referrer",
}
#: What tells the page that there is a panel for authors: a script can read this one header of its
#: own page, and so need not ask for what most servers have not.
DEV_HEADERS = {"Server-Timing": "meeple-dev"}
#: The name of an asset changes with its content.
IMMUTABLE = "public, max-age=31536000, immutable"
#: Kept, but asked for every time whether it is still the same.
REVALIDATED = "no-cache"

NOT_BUILT = """\
Meeple is running, but its web page was not built.

To build it, with Node.js:   npm --prefix web ci && npm --prefix web run build
and start the server again.

The API is documented at /api/docs.
"""


def mount_page(app: FastAPI, folder: Path | None = None, *, dev: bool = False) -> bool:
    """Serve the page at ``/``, or say there that it was not built; True if it was.

    The page of admins is at ``/admin``.

    Only the files that the build has made get routes, and ``/assets``: no other address changes.

    Args:
        app: gets the routes.
        folder: what the build has made; the package's own if not given.
        dev: whether the page has its panel for authors, at ``/dev`` too.
    """
    folder = folder or BUILT
    if not (folder / "index.html").is_file():
        app.add_route("/", _not_built, methods=["GET"], include_in_schema=False)
        return False
    files = _Files(folder, REVALIDATED)
    if (folder / "assets").is_dir():
        assets = GZipMiddleware(_Files(folder / "assets", IMMUTABLE), minimum_size=1000)
        app.mount("/assets", assets, name="assets")

    index = _Files(folder, REVALIDATED, DEV_HEADERS if dev else {})
    app.add_route("/", index.endpoint("index.html"), methods=["GET"], include_in_schema=False)
    if dev:
        app.add_route("/dev", _dev, methods=["GET"], include_in_schema=False)
    for one in sorted(folder.iterdir()):
        if one.is_file():
            endpoint = files.endpoint(one.name)
            app.add_route(f"/{one.name}", endpoint, methods=["GET"], include_in_schema=False)
    if (folder / "admin.html").is_file():
        endpoint = files.endpoint("admin.html")
        app.add_route("/admin", endpoint, methods=["GET"], include_in_schema=False)
    return True


class _Files(StaticFiles):
    """Static files with the page's headers."""

    def __init__(
        self, folder: Path, cache_control: str, more: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(directory=folder)
        self._headers = {**HEADERS, "Cache-Control": cache_control, **(more or {})}

    def endpoint(self, path: str) -> Callable[[Request], Awaitable[Response]]:
        """Answers a request with one file, whatever address it was asked for at."""

        async def serve(request: Request) -> Response:
            return await self.get_response(path, request.scope)

        return serve

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that it has not changed, or that there is none (`HTTPException`)."""
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        return response


async def _dev(request: Request) -> Response:
    return RedirectResponse("./#/dev")


async def _not_built(request: Request) -> Response:
    return PlainTextResponse(NOT_BUILT, 404, HEADERS)
