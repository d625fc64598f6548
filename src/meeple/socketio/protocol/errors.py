"""What a peer can do wrong on the wire."""

from __future__ import annotations


class ProtocolError(Exception):
    """The peer broke the protocol; its connection is closed.

    Attributes:
        close_code: the WebSocket close code to say so with (RFC 6455, section 7.4.1).
    """

    def __init__(self, message: str, close_code: int = 1002) -> None:
        super().__init__(message)
        self.close_code = close_code
