"""Socket.IO protocol 5: packets, with their binary attachments.

Source: the specification in the repository of Socket.IO, ``docs/socket.io-protocol``.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Any

import msgspec

from meeple.protocols import Unread
from meeple.socketio.protocol.errors import ProtocolError

#: Binary attachments that one packet may announce.
MAX_ATTACHMENTS = 16
#: Digits of an ack id: what JavaScript counts to exactly.
MAX_ID_DIGITS = 15
#: Lists and objects within each other that a packet may hold, well below Python's own limit.
MAX_NESTING = 64
#: Events that the protocol keeps for itself.
RESERVED = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)

_decode_json = msgspec.json.Decoder().decode
#: JSON in UTF-8; Structs are objects.
encode_json = msgspec.json.Encoder().encode


class Kind(IntEnum):
    """The type of a packet."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One packet.

    Attributes:
        kind: never one of the binary kinds once it is whole.
        namespace: ``/`` is the main one.
        data: the auth of a CONNECT, the name and arguments of an EVENT, the arguments of an ACK.
        id: the ack's id; None if no ack is asked for.
        attachments: binary attachments still to come.
    """

    kind: Kind
    namespace: str = "/"
    data: Any = None
    id: int | None = None
    attachments: int = 0


def decode(text: str) -> Packet:
    """The packet that ``text`` is, its attachments still to come.

    Raises:
        ProtocolError: it is none that a client may send.
    """
    head = _HEAD.match(text)
    if head is None:
        raise ProtocolError("unknown packet type")
    digit, count, namespace, number = head.groups()
    kind = _KINDS[digit]
    if (count is not None) != (kind in _BINARY):
        raise ProtocolError("a binary packet, and no other, has attachments")
    attachments = int(count or 0)
    if attachments > MAX_ATTACHMENTS:
        raise ProtocolError(f"a packet may have {MAX_ATTACHMENTS} attachments")
    if number is not None and len(number) > MAX_ID_DIGITS:
        raise ProtocolError("a packet's number is too long")
    data = None
    if head.end() < len(text):
        data = _read(text, head.end(), kind)
    if kind is Kind.EVENT or kind is Kind.BINARY_EVENT:
        name = data[0] if isinstance(data, list) and data else None
        # The reference parser takes a number as a name too.
        fine = type(name) in (str, int) and name not in RESERVED
    elif kind is Kind.CONNECT:
        fine = data is None or isinstance(data, dict)
    elif kind is Kind.DISCONNECT:
        fine = data is None
    else:
        fine = isinstance(data, list) and number is not None
    if not fine:
        raise ProtocolError(f"this is no {kind.name} packet")
    return Packet(
        kind, namespace or "/", data, None if number is None else int(number), attachments
    )


_KINDS = {str(kind.value): kind for kind in Kind if kind is not Kind.CONNECT_ERROR}
_BINARY = frozenset((Kind.BINARY_EVENT, Kind.BINARY_ACK))
#: Type, number of attachments, namespace, id; the data follow.
_HEAD = re.compile(
    rf"([{''.join(_KINDS)}])(?:(\d{{1,3}})-)?(?:(/[^,]*)(?:,|$))?(\d{{1,{MAX_ID_DIGITS + 1}}})?",
    re.ASCII | re.DOTALL,
)


def _read(text: str, start: int, kind: Kind) -> Any:
    """The data of a packet; an event whose arguments cannot be read has an `Unread` in their place.

    So its sender can be told, and goes on. Raises `ProtocolError` for any other packet.
    """
    event = kind is Kind.EVENT or kind is Kind.BINARY_EVENT
    try:
        data = _decode_json(text[start:])
    except (msgspec.DecodeError, RecursionError) as error:
        name = _NAME.match(text, start) if event else None
        if name is None:
            raise ProtocolError("a packet's data is not JSON", 1007) from error
        return [name[1], _NOT_JSON if isinstance(error, msgspec.DecodeError) else _TOO_DEEP]
    if text.count("[") + text.count("{") > MAX_NESTING and _is_deeper(data, MAX_NESTING):
        if not event or not isinstance(data, list):
            raise ProtocolError("a packet's data is nested too deeply", 1009)
        return [data[0], _TOO_DEEP]
    return data


_NOT_JSON = Unread("the event's argument is not JSON")
_TOO_DEEP = Unread(f"a message may have {MAX_NESTING} lists and objects within each other")
#: The name of an event that has arguments.
_NAME = re.compile(r'\s*\[\s*"([^"\\]{1,64})"\s*,')


def _is_deeper(data: Any, left: int) -> bool:
    if not isinstance(data, list | dict):
        return False
    if not left:
        return True
    values = data if isinstance(data, list) else data.values()
    return any(_is_deeper(value, left - 1) for value in values)


class Assembler:
    """Puts the packets of one connection together from its messages.

    Args:
        max_size: bytes of the attachments of one packet, all together.
    """

    __slots__ = ("_attachments", "_max_size", "_size", "_waiting")

    def __init__(self, max_size: int = 1_000_000) -> None:
        self._max_size = max_size
        self._waiting: Packet | None = None
        self._attachments: list[bytes] = []
        self._size = 0

    def feed(self, message: str | bytes) -> Packet | None:
        """The packet that ``message`` makes whole; None if attachments are still to come.

        Raises:
            ProtocolError: it is not what has to come now.
        """
        if isinstance(message, str):
            if self._waiting is not None:
                raise ProtocolError("a binary attachment has to come first")
            packet = decode(message)
            if not packet.attachments and packet.kind < Kind.BINARY_EVENT:
                return packet
            if not packet.attachments:
                return _whole(packet, [])
            self._waiting, self._size = packet, 0
            return None
        if self._waiting is None:
            raise ProtocolError("a binary attachment without its packet")
        self._size += len(message)
        if self._size > self._max_size:
            raise ProtocolError(f"a packet may have {self._max_size} bytes attached", 1009)
        self._attachments.append(message)
        if len(self._attachments) < self._waiting.attachments:
            return None
        packet, attachments = self._waiting, self._attachments
        self._waiting, self._attachments = None, []
        return _whole(packet, attachments)


def _whole(packet: Packet, attachments: list[bytes]) -> Packet:
    kind = Kind.EVENT if packet.kind is Kind.BINARY_EVENT else Kind.ACK
    return Packet(kind, packet.namespace, _put_in(packet.data, [*attachments]), packet.id)


def _put_in(data: Any, attachments: list[bytes | None]) -> Any:
    """``data`` with the attachments in their places, each in one: it is sent on but once."""
    if isinstance(data, list):
        return [_put_in(value, attachments) for value in data]
    if not isinstance(data, dict):
        return data
    if data.get("_placeholder") is True:
        number = data.get("num")
        if type(number) is not int or not 0 <= number < len(attachments):
            raise ProtocolError("a placeholder without its attachment")
        attachment, attachments[number] = attachments[number], None
        if attachment is None:
            raise ProtocolError("two placeholders of one attachment")
        return attachment
    return {key: _put_in(value, attachments) for key, value in data.items()}


def encode(packet: Packet) -> list[str | bytes]:
    """The messages that ``packet`` is sent as: one text, and its attachments."""
    attachments: list[bytes] = []
    data = packet.data
    if packet.kind in (Kind.EVENT, Kind.ACK) and isinstance(data, list):
        data = _take_out(data, attachments)
    return [encode_head(packet, len(attachments)) + _text(data), *attachments]


def encode_head(packet: Packet, attachments: int = 0) -> str:
    """What comes before a packet's data."""
    kind = packet.kind + 3 if attachments else packet.kind
    count = f"{attachments}-" if attachments else ""
    namespace = "" if packet.namespace == "/" else packet.namespace + ","
    number = "" if packet.id is None else str(packet.id)
    return f"{int(kind)}{count}{namespace}{number}"


def _text(data: Any) -> str:
    return "" if data is None else encode_json(data).decode()


def _take_out(data: Any, attachments: list[bytes]) -> Any:
    if isinstance(data, bytes | bytearray | memoryview):
        attachments.append(bytes(data))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(data, list | tuple):
        return [_take_out(value, attachments) for value in data]
    if isinstance(data, dict):
        return {key: _take_out(value, attachments) for key, value in data.items()}
    return data
