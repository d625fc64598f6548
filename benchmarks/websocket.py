"""The client's half of a WebSocket: the handshake, and frames made ahead of their time."""

from __future__ import annotations

import base64
import os
import socket
from urllib.parse import urlsplit

#: Not zero: some servers skip the unmasking of a zero mask, which no browser sends.
MASK = b"\x37\xfa\x21\x3d"
TEXT = 1
BINARY = 2
PONG = 10
#: Seconds that a server has to accept a connection.
PATIENCE = 20


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One masked frame, as a client sends it."""
    length = len(payload)
    if length < 126:
        head = bytes((0x80 | opcode, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((0x80 | opcode, 0xFE)) + length.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0xFF)) + length.to_bytes(8, "big")
    key = (MASK * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + MASK + masked.to_bytes(length, "big")


def connect(url: str, path: str) -> tuple[socket.socket, bytes]:
    """An open WebSocket, not blocking, and what the server has sent on it so far.

    Raises:
        ConnectionError: the server would not have it.
    """
    address = urlsplit(url)
    host, port = address.hostname or "127.0.0.1", address.port or 80
    opened = socket.create_connection((host, port), PATIENCE)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        came = opened.recv(65536)
        if not came:
            raise ConnectionError(f"{path}: closed in the handshake: {answer!r}")
        answer += came
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(f"{path}: {answer!r}")
    opened.setblocking(False)
    return opened, rest
