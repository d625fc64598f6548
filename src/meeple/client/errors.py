"""What can go wrong for a client."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The server refused; ``code`` is one of the protocol's stable words."""

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable

    @classmethod
    def of(cls, answer: Any) -> Refused:
        """From a refusal on the socket or on REST; also from what is not a Meeple server's."""
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict) or not isinstance(error.get("code"), str):
            return cls("invalid_answer", f"this is not a Meeple server's answer: {answer!r:.200}")
        return cls(error["code"], str(error.get("message", "")), error.get("retryable") is True)


class ConnectionLost(Exception):
    """The server could not be reached in time."""
