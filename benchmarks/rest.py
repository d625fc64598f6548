"""REST requests, several at a time, to set matches up."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: Requests under way at once, so that what the server syncs to disk is synced together.
CONNECTIONS = 16
TIMEOUT = 30


class Request(NamedTuple):
    """A POST of JSON."""

    path: str
    body: Any
    token: str | None = None


class Rest:
    """Connections to one server, kept open."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        host = address.hostname or "127.0.0.1"
        self._connections = [
            http.client.HTTPConnection(host, address.port, timeout=TIMEOUT)
            for _ in range(CONNECTIONS)
        ]

    def close(self) -> None:
        """Close them."""
        for connection in self._connections:
            connection.close()

    def __enter__(self) -> Rest:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def post(self, requests: Sequence[Request]) -> list[Any]:
        """The decoded answers, in order.

        Raises:
            ConnectionError: one was refused.
        """
        answers = []
        for first in range(0, len(requests), CONNECTIONS):
            batch = list(
                zip(self._connections, requests[first : first + CONNECTIONS], strict=False)
            )
            for connection, (path, body, token) in batch:
                headers = {"Content-Type": "application/json"}
                if token is not None:
                    headers["Authorization"] = f"Bearer {token}"
                connection.request("POST", path, json.dumps(body).encode(), headers)
            for connection, request in batch:
                answer = connection.getresponse()
                text = answer.read()
                if answer.status >= 400:
                    raise ConnectionError(f"{request.path}: {answer.status} {text[:300]!r}")
                answers.append(json.loads(text))
        return answers
