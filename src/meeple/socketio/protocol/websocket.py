"""WebSocket frames of a server (RFC 6455), for the data that follows the handshake."""

from __future__ import annotations

import sys

from meeple.socketio.protocol.errors import ProtocolError

try:
    from websockets.speedups import apply_mask
except ImportError:  # its wheel was built without a compiler
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

#: Close codes that a peer may send (RFC 6455, section 7.4; 3000 and up are for applications).
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015)))


#: A whole message, or a control frame: its opcode and its unmasked payload.
Message = tuple[int, bytes]


def frame(opcode: int, payload: bytes, prefix: bytes = b"") -> bytes:
    """An unfragmented, unmasked frame of ``prefix`` and ``payload``, as servers send them."""
    first, size = 0x80 | opcode, len(prefix) + len(payload)
    if size < 126:
        return b"%c%c%b%b" % (first, size, prefix, payload)
    if size < 0x10000:
        return b"%c\x7e%b%b%b" % (first, size.to_bytes(2, "big"), prefix, payload)
    return b"%c\x7f%b%b%b" % (first, size.to_bytes(8, "big"), prefix, payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what fits."""
    text = reason.encode()[:120].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2, "big") + text)


def close_code(payload: bytes) -> int:
    """The code that a close frame gives; 1005 if it gives none.

    Raises:
        ProtocolError: it is not one that may be sent, or the reason is not UTF-8.
    """
    if not payload:
        return 1005
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (code in _CLOSE_CODES or 3000 <= code < 5000):
        raise ProtocolError("bad close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("the reason is not UTF-8", 1007) from error
    return code


class FrameReader:
    """Takes a client's frames apart, and puts fragmented messages together.

    Args:
        max_size: bytes of a message, all its fragments together.
    """

    __slots__ = ("_buffer", "_fragments", "_max_size", "_needed", "_opcode", "_size", "more")

    def __init__(self, max_size: int) -> None:
        #: Whether what has been fed may hold messages that were not given yet.
        self.more = False
        self._max_size = max_size
        self._buffer = bytearray()
        #: Bytes that the frame at the start of the buffer has, as far as that is known.
        self._needed = 0
        self._fragments: list[bytes] = []
        self._opcode = CONTINUATION
        self._size = 0

    def feed(self, data: bytes, limit: int = sys.maxsize) -> list[Message]:
        """The messages that ``data`` completes; if there are ``more``, feed nothing to get them.

        Raises:
            ProtocolError: the client broke the protocol; what was whole before is lost with it.
        """
        size = len(data) - 6
        if (
            0 < size < 126
            and data[0] == 0x81
            and data[1] == 0x80 | size
            and not self._buffer
            and not self._opcode
            and size <= self._max_size
        ):
            # The usual thing to come: one whole, short text, between no fragments.
            self.more = False
            return [(TEXT, apply_mask(data[6:], data[2:6]))]
        if self._buffer:
            # Joined only once it is of use: a frame may come byte by byte.
            self._buffer += data
            if len(self._buffer) < self._needed:
                return []
            data = bytes(self._buffer)
        messages: list[Message] = []
        at, end = 0, len(data)
        self._needed, self.more = 0, False
        while end - at >= 2:
            if len(messages) >= limit:
                self.more = True
                break
            first, second = data[at], data[at + 1]
            size = second & 0x7F
            head = 6
            if size > 125:
                wide = 2 if size == 126 else 8
                head += wide
                if end - at < 2 + wide:
                    self._check_head(first, second)
                    break
                size = int.from_bytes(data[at + 2 : at + 2 + wide], "big")
            # The usual frame is whole, masked, and the only one of its message.
            if first != 0x81 or second < 0x80 or size > self._max_size or self._opcode:
                self._check_head(first, second)
                self._check_size(first, size)
            if end - at < head + size:
                self._needed = head + size
                break
            start = at + head
            payload = apply_mask(data[start : start + size], data[start - 4 : start])
            at = start + size
            message = self._take(first, payload)
            if message is not None:
                messages.append(message)
        if at < end or self._buffer:
            self._buffer = bytearray(data[at:])
        return messages

    def _check_head(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & 0x70:
            raise ProtocolError("a reserved bit is set")
        if not second & 0x80:
            raise ProtocolError("a client's frames are masked")
        if opcode >= CLOSE:
            if opcode > PONG or not first & 0x80 or second & 0x7F > 125:
                raise ProtocolError("bad control frame")
        elif opcode > BINARY:
            raise ProtocolError("unknown opcode")
        elif (opcode == CONTINUATION) == (self._opcode == CONTINUATION):
            raise ProtocolError("a fragment out of turn")

    def _check_size(self, first: int, size: int) -> None:
        if first & 0x0F < CLOSE and self._size + size > self._max_size:
            raise ProtocolError(f"a message may have {self._max_size} bytes", 1009)

    def _take(self, first: int, payload: bytes) -> Message | None:
        opcode = first & 0x0F
        if opcode >= CLOSE:
            return opcode, payload
        if opcode != CONTINUATION:
            if first & 0x80:
                return opcode, payload
            self._opcode = opcode
        self._fragments.append(payload)
        self._size += len(payload)
        if not first & 0x80:
            # Empty fragments cost memory too, and count towards no size.
            if len(self._fragments) > 1024:
                raise ProtocolError("too many fragments", 1009)
            return None
        message = self._opcode, b"".join(self._fragments)
        self._fragments, self._opcode, self._size = [], CONTINUATION, 0
        return message
