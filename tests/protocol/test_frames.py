"""WebSocket frames without a socket, against the ``websockets`` library as the other side."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from meeple.socketio.protocol import websocket
from meeple.socketio.protocol.errors import ProtocolError
from meeple.socketio.protocol.websocket import FrameReader, Message
from tests.protocol.clients import masked

MAX_SIZE = 70_000
SIZES = [0, 1, 3, 125, 126, 127, 65_535, 65_536, MAX_SIZE]

payloads = st.binary(max_size=300) | st.sampled_from(SIZES).map(lambda size: b"\xa5" * size)
controls = st.tuples(st.sampled_from([Opcode.PING, Opcode.PONG]), st.binary(max_size=125))


@st.composite
def messages(draw: st.DrawFn) -> tuple[list[Message], bytes]:
    """Some messages, and the bytes of their frames: fragmented, with control frames in between."""
    expected: list[Message] = []
    stream = bytearray()

    def interrupt() -> None:
        for opcode, payload in draw(st.lists(controls, max_size=1)):
            expected.append((opcode, payload))
            stream.extend(masked(opcode, payload))

    for payload in draw(st.lists(payloads, max_size=4)):
        opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        starts, ends = [0, *cuts], [*cuts, len(payload)]
        for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
            interrupt()
            kind = Opcode.CONT if number else opcode
            stream += masked(kind, payload[start:end], fin=number == len(cuts))
        expected.append((opcode, payload))
    interrupt()
    return expected, bytes(stream)


def _feed(reader: FrameReader, pieces: Sequence[bytes]) -> list[Message]:
    return [message for piece in pieces for message in reader.feed(piece)]


@given(messages(), st.lists(st.integers(0, 1000), max_size=8))
def test_whatever_a_client_sends_is_read_however_it_is_cut(
    sent: tuple[list[Message], bytes], cuts: list[int]
) -> None:
    expected, stream = sent
    places = sorted({0, len(stream), *(cut * len(stream) // 1000 for cut in cuts)})
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert _feed(FrameReader(MAX_SIZE), pieces) == expected


def test_a_stream_is_read_when_it_is_cut_anywhere() -> None:
    stream = b"".join(
        (
            masked(Opcode.TEXT, b"one"),
            masked(Opcode.BINARY, b"x" * 200),
            masked(Opcode.TEXT, b"fr", fin=False),
            masked(Opcode.PING, b"ping"),
            masked(Opcode.CONT, b"agment", fin=False),
            masked(Opcode.CONT, b""),
            masked(Opcode.CLOSE, b"\x03\xe8bye"),
        )
    )
    expected = [
        (websocket.TEXT, b"one"),
        (websocket.BINARY, b"x" * 200),
        (websocket.PING, b"ping"),
        (websocket.TEXT, b"fragment"),
        (websocket.CLOSE, b"\x03\xe8bye"),
    ]
    for cut in range(len(stream) + 1):
        assert _feed(FrameReader(1000), [stream[:cut], stream[cut:]]) == expected
    assert _feed(FrameReader(1000), [bytes((byte,)) for byte in stream]) == expected


def test_messages_are_given_as_many_at_a_time_as_asked_for() -> None:
    reader = FrameReader(100)
    stream = b"".join(masked(Opcode.TEXT, str(number).encode()) for number in range(10))
    read = [reader.feed(stream + masked(Opcode.TEXT, b"last")[:3], 4)]
    while reader.more:
        read.append(reader.feed(b"", 4))
    assert [len(messages) for messages in read] == [4, 4, 2]
    assert [message[1] for batch in read for message in batch] == [
        str(number).encode() for number in range(10)
    ]


@given(st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING]), payloads)
def test_what_is_sent_is_read_by_another_library(opcode: Opcode, payload: bytes) -> None:
    if opcode is Opcode.PING:
        payload = payload[:125]
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(websocket.frame(opcode, payload))
    assert client.events_received() == [Frame(opcode, payload)]
    assert client.parser_exc is None


@given(st.sampled_from([1000, 1002, 1007, 1008, 1009, 1011, 1012, 4000]), st.text(max_size=200))
@example(1000, "ü" * 61)
def test_a_close_frame_is_read_by_another_library(code: int, reason: str) -> None:
    client = Protocol(CLIENT)
    client.receive_data(websocket.close_frame(code, reason))
    assert client.close_rcvd is not None
    assert client.close_rcvd.code == code
    assert reason.startswith(client.close_rcvd.reason)
    assert len(client.close_rcvd.reason) >= min(len(reason), 30)


def _frame(first: int, second: int, rest: bytes = bytes(8)) -> bytes:
    return bytes((first, second)) + rest


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        pytest.param(_frame(0x81, 0x02), 1002, id="unmasked"),
        pytest.param(_frame(0x81, 0x7E), 1002, id="unmasked and long"),
        pytest.param(_frame(0xC1, 0x82), 1002, id="first reserved bit"),
        pytest.param(_frame(0xA1, 0x82), 1002, id="second reserved bit"),
        pytest.param(_frame(0x91, 0x82), 1002, id="third reserved bit"),
        *(
            pytest.param(_frame(0x80 | opcode, 0x80), 1002, id=f"unknown opcode {opcode}")
            for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
        ),
        *(
            pytest.param(_frame(opcode, 0x80), 1002, id=f"fragmented control frame {opcode}")
            for opcode in (8, 9, 10)
        ),
        pytest.param(_frame(0x89, 0xFE, b"\0\x7e" + bytes(130)), 1002, id="long control frame"),
        pytest.param(masked(Opcode.CONT, b"x"), 1002, id="nothing to continue"),
        pytest.param(masked(Opcode.CONT, b"x", fin=False), 1002, id="nothing to go on with"),
        pytest.param(
            masked(Opcode.TEXT, b"x", fin=False) + masked(Opcode.TEXT, b"y"),
            1002,
            id="a message within a message",
        ),
        pytest.param(
            masked(Opcode.TEXT, b"x", fin=False) + masked(Opcode.BINARY, b"y", fin=False),
            1002,
            id="fragments within fragments",
        ),
        pytest.param(masked(Opcode.TEXT, bytes(1001))[:8], 1009, id="too long"),
        pytest.param(_frame(0x82, 0xFF, b"\x7f" + b"\xff" * 7), 1009, id="as long as can be"),
        pytest.param(_frame(0x82, 0xFF, b"\xff" * 8), 1009, id="longer than can be"),
        pytest.param(
            masked(Opcode.TEXT, bytes(600), fin=False) + masked(Opcode.CONT, bytes(401)),
            1009,
            id="too long together",
        ),
        pytest.param(
            masked(Opcode.TEXT, b"", fin=False) + masked(Opcode.CONT, b"", fin=False) * 1024,
            1009,
            id="too many fragments",
        ),
    ],
)
def test_a_frame_against_the_rules_is_refused_as_soon_as_it_shows(stream: bytes, code: int) -> None:
    with pytest.raises(ProtocolError) as raised:
        FrameReader(1000).feed(stream)
    assert raised.value.close_code == code


def test_a_message_of_just_the_limit_is_read() -> None:
    stream = masked(Opcode.TEXT, bytes(400), fin=False) + masked(Opcode.CONT, bytes(600))
    assert FrameReader(1000).feed(stream) == [(websocket.TEXT, bytes(1000))]
    many = masked(Opcode.TEXT, b"", fin=False) + masked(Opcode.CONT, b"", fin=False) * 1023
    assert FrameReader(1000).feed(many + masked(Opcode.CONT, b"x"))[0][1] == b"x"


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_random_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    reader = FrameReader(1000)
    code = 1002
    try:
        for piece in pieces:
            for message in reader.feed(piece):
                assert len(message[1]) <= 1000
    except ProtocolError as error:
        code = error.close_code
    assert code in (1002, 1009)


def test_a_length_that_is_announced_takes_no_memory() -> None:
    reader = FrameReader(50_000_000)
    tracemalloc.start()
    try:
        reader.feed(b"\x82\xff" + (50_000_000).to_bytes(8, "big") + bytes(4))
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


def test_a_long_message_that_comes_byte_by_byte_costs_its_size_only() -> None:
    def seconds(size: int) -> float:
        reader = FrameReader(size)
        stream = masked(Opcode.BINARY, bytes(size))
        pieces = [stream[at : at + 1] for at in range(len(stream))]
        start = time.process_time()
        assert len(_feed(reader, pieces)) == 1
        return time.process_time() - start

    # Eight times the size: 64 times the time if each byte had all before it copied.
    assert seconds(400_000) < 24 * max(seconds(50_000), 0.005)


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4000, 4999])
def test_a_close_code_that_may_be_sent_is_taken(code: int) -> None:
    assert websocket.close_code(code.to_bytes(2, "big") + "grüße".encode()) == code


def test_a_close_frame_needs_no_code() -> None:
    assert websocket.close_code(b"") == 1005


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535])
def test_a_close_code_that_may_not_be_sent_is_refused(code: int) -> None:
    with pytest.raises(ProtocolError) as raised:
        websocket.close_code(code.to_bytes(2, "big"))
    assert raised.value.close_code == 1002


def test_half_a_close_code_and_a_reason_that_is_no_text_are_refused() -> None:
    with pytest.raises(ProtocolError):
        websocket.close_code(b"\x03")
    with pytest.raises(ProtocolError) as raised:
        websocket.close_code(b"\x03\xe8\xff")
    assert raised.value.close_code == 1007
