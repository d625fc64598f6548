"""Socket.IO packets without a socket, against python-socketio as the other side."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet as OtherPacket

from meeple.protocols import Unread
from meeple.socketio.protocol import socketio
from meeple.socketio.protocol.errors import ProtocolError
from meeple.socketio.protocol.socketio import MAX_NESTING, RESERVED, Assembler, Kind, Packet

names = st.text(st.characters(exclude_characters=",?", exclude_categories=["Cs"]), max_size=10)
namespaces = st.just("/") | names.map("/{}".format)
ids = st.none() | st.integers(0, 10**15 - 1)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
)
values = st.recursive(
    scalars | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
events = st.tuples(names.filter(lambda name: name not in RESERVED), values, values).map(list)

auths = st.none() | st.dictionaries(names, json_values, min_size=1)
packets = (
    st.tuples(st.just(Kind.EVENT), namespaces, events, ids)
    | st.tuples(st.just(Kind.ACK), namespaces, st.lists(values, max_size=3), st.just(7))
    | st.tuples(st.just(Kind.CONNECT), namespaces, auths)
    | st.tuples(st.just(Kind.DISCONNECT), namespaces)
).map(lambda fields: Packet(*fields))


def _assemble(messages: list[str | bytes]) -> Packet:
    assembler = Assembler()
    read = [assembler.feed(message) for message in messages]
    assert read[:-1] == [None] * (len(messages) - 1)
    assert read[-1] is not None
    return read[-1]


@given(packets)
def test_what_is_encoded_is_decoded(packet: Packet) -> None:
    assert _assemble(socketio.encode(packet)) == packet


@given(packets)
def test_what_another_library_encodes_is_decoded(packet: Packet) -> None:
    other = OtherPacket(
        int(packet.kind), data=packet.data, namespace=packet.namespace, id=packet.id
    )
    encoded = other.encode()
    assert _assemble(encoded if isinstance(encoded, list) else [encoded]) == packet


@given(packets)
def test_what_is_encoded_is_decoded_by_another_library(packet: Packet) -> None:
    text, *attachments = socketio.encode(packet)
    other = OtherPacket(encoded_packet=text)
    for attachment in attachments:
        other.add_attachment(attachment)
    kind = {5: Kind.EVENT, 6: Kind.ACK}.get(other.packet_type, other.packet_type)
    assert (kind, other.namespace or "/", other.id) == (packet.kind, packet.namespace, packet.id)
    assert other.data == packet.data


@given(
    st.lists(
        st.text()
        | st.from_regex(r"[0-9]{1,2}[0-9]{0,3}-?(/[a-z,]{0,4})?[0-9]{0,3}[\[{].*", fullmatch=True)
        | st.binary(),
        max_size=6,
    )
)
def test_random_messages_are_read_or_refused(messages: list[str | bytes]) -> None:
    assembler = Assembler()
    code = 1002
    try:
        for message in messages:
            packet = assembler.feed(message)
            assert packet is None or packet.kind in (
                Kind.CONNECT,
                Kind.DISCONNECT,
                Kind.EVENT,
                Kind.ACK,
            )
    except ProtocolError as error:
        code = error.close_code
    assert code in (1002, 1007, 1009)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1002),
        ("4", 1002),
        ('4{"message":"no"}', 1002),
        ("7", 1002),
        ("abc", 1002),
        ("0[]", 1002),
        ("0 1", 1002),
        ('1["x"]', 1002),
        ("2", 1002),
        ("2[]", 1002),
        ("2{}", 1002),
        ("2[null]", 1002),
        ("2[true]", 1002),
        ('2[{"_placeholder":true,"num":0}]', 1002),
        ('3["no id"]', 1002),
        ("31", 1002),
        ('2["unfinished', 1007),
        ('2["a"]]', 1007),
        ('2["\\ud800"]', 1007),
        ('2abc["a"]', 1007),
        ('2٣["a"]', 1007),
        ('2²["a"]', 1007),
        ("2" + "1" * 16 + '["a"]', 1002),
        ("2" + "1" * 10_000_000, 1002),
        ('5["a"]', 1002),
        ('5-["a"]', 1002),
        ('5x-["a"]', 1002),
        ('5-1-["a"]', 1002),
        ('51["a"]', 1002),
        ('5٣-["a"]', 1002),
        ('517-["a"]', 1002),
        ('51000-["a"]', 1002),
        ("0" + '{"a":' * 100_000, 1007),
        ("0" + '{"a":' * MAX_NESTING + "{}" + "}" * MAX_NESTING, 1009),
        (f'31["a",{_nested(MAX_NESTING)}]', 1009),
        (f"2[{_nested(MAX_NESTING)}]", 1002),
        ('2["connect",NaN]', 1002),
        (f"2[1,{_nested(200_000)}]", 1007),
        *((f'2["{name}"]', 1002) for name in sorted(RESERVED)),
    ],
)
def test_a_packet_against_the_rules_is_refused_at_once(text: str, code: int) -> None:
    start = time.process_time()
    with pytest.raises(ProtocolError) as raised:
        socketio.decode(text)
    assert raised.value.close_code == code
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ("NaN", "not JSON"),
        ("1e999", "not JSON"),
        ("9" * 5000, "not JSON"),
        ('"\\ud800"', "not JSON"),
        ("1,2]", "not JSON"),
        (_nested(MAX_NESTING), "within each other"),
        ('{"a":' * MAX_NESTING + "1" + "}" * MAX_NESTING, "within each other"),
        (_nested(5_000), "within each other"),
        (_nested(200_000), "within each other"),
    ],
)
def test_an_event_whose_argument_cannot_be_read_can_be_answered(arguments: str, word: str) -> None:
    start = time.process_time()
    packet = socketio.decode(f'2/game,7["game:action",{arguments}]')
    assert (packet.kind, packet.namespace, packet.id) == (Kind.EVENT, "/game", 7)
    name, unread = packet.data
    assert name == "game:action"
    assert isinstance(unread, Unread)
    assert word in unread
    assert time.process_time() - start < 0.1


def test_a_packet_at_its_limits_is_taken() -> None:
    packet = socketio.decode(f'5{16}-/n,{"9" * 15}["a",{_nested(MAX_NESTING - 1)}]')
    assert (packet.kind, packet.namespace) == (Kind.BINARY_EVENT, "/n")
    assert (packet.id, packet.attachments) == (int("9" * 15), 16)


@pytest.mark.parametrize("text", ['2["a"]', '2[1,"b"]', '2["[[",{"{":"["}]', '50-["a"]'])
def test_unusual_packets_are_taken(text: str) -> None:
    packet = Assembler().feed(text)
    assert packet is not None
    assert packet.kind is Kind.EVENT


def _event(*placeholders: Any) -> str:
    return '["a",' + ",".join(f'{{"_placeholder":true,"num":{num}}}' for num in placeholders) + "]"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([b"alone"], 1002),
        (["51-" + _event(0), '2["too early"]'], 1002),
        (["51-" + _event(1), b""], 1002),
        (["51-" + _event(-1), b""], 1002),
        (["51-" + _event("true"), b""], 1002),
        (["51-" + _event("0.0"), b""], 1002),
        (["51-" + _event('"0"'), b""], 1002),
        (["51-" + _event(0, 0), b""], 1002),
        (["50-" + _event(0)], 1002),
        (["51-" + _event(0), b"", b"one more"], 1002),
        (["52-" + _event(0, 1), bytes(600_000), bytes(400_001)], 1009),
    ],
)
def test_attachments_against_the_rules_are_refused(messages: list[str | bytes], code: int) -> None:
    assembler = Assembler(1_000_000)
    for message in messages[:-1]:
        assembler.feed(message)
    with pytest.raises(ProtocolError) as raised:
        assembler.feed(messages[-1])
    assert raised.value.close_code == code


def test_attachments_of_just_the_limit_are_taken_again_and_again() -> None:
    assembler = Assembler(1000)
    for _ in range(3):
        assert assembler.feed("52-" + _event(1, 0)) is None
        assert assembler.feed(bytes(600)) is None
        assert assembler.feed(b"x" * 400) == Packet(
            Kind.EVENT, "/", ["a", b"x" * 400, bytes(600)], None
        )


def test_what_looks_like_an_attachment_is_none_in_a_packet_of_text() -> None:
    text = "2" + _event(0)
    packet = Assembler().feed(text)
    assert packet is not None
    assert packet.data[1] == {"_placeholder": True, "num": 0}
