"""Following what other nodes append: by the bus if it brings it, else by the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meeple.engine.log import Entry
from meeple.errors import GameNotFound, Unavailable
from meeple.protocols import Appended, BusListener, Note, Said
from meeple.services.sync import MAX_NOTES, Sync
from tests.harness import until
from tests.services.house import ANN, BEN, START, House, Node, gate, within


class Wires:
    """A `Bus` in one process: each node has one, and a test cuts it, or holds what it says."""

    def __init__(self, all_of_them: list[Wires]) -> None:
        self.up = True
        self.losing = False
        self.said: list[Note] = []
        self._others = all_of_them
        self._wanted: set[str] = set()
        self._listener: BusListener
        all_of_them.append(self)

    def serve(self, listener: BusListener) -> None:
        self._listener = listener

    def publish(self, note: Note) -> None:
        self.said.append(note)
        for other in self._others:
            if other is not self and not self.losing and other.heard(note.game_id):
                other._listener.hear(note)

    async def subscribe(self, game_id: str) -> bool:
        self._wanted.add(game_id)
        return self.up

    def unsubscribe(self, game_id: str) -> None:
        self._wanted.discard(game_id)

    def heard(self, game_id: str) -> bool:
        return self.up and game_id in self._wanted

    async def run(self) -> None:
        """There is nothing to connect to."""

    def cut(self) -> None:
        self.up = False
        self._listener.disconnected()

    def mend(self) -> None:
        self.up = True
        self._listener.connected()


class Pair:
    """Two nodes with a bus, a table, and somebody who watches it on the second."""

    def __init__(self, house: House) -> None:
        self.house = house
        wires: list[Wires] = []
        self.here, self.there = Wires(wires), Wires(wires)
        self.one, self.two = house.node(bus=self.here), house.node(bus=self.there, max_live=1)
        self.game_id = ""

    async def open(self) -> None:
        self.game_id = await self.one.table("goofspiel")
        await self.two.spectate("eve", self.game_id)

    @property
    def sync(self) -> Sync:
        assert self.two.games.viewers.sync is not None
        return self.two.games.viewers.sync

    def seqs(self) -> list[int]:
        return self.two.viewers.seqs("eve")

    async def told(self, seq: int) -> None:
        """Eve has been told everything up to that seq, each once, and nothing else."""
        await until(lambda: len(self.seqs()) > seq - START)
        assert self.seqs() == list(range(START, seq + 1))


@pytest.fixture
async def pair(house: House) -> Pair:
    pair = Pair(house)
    await pair.open()
    return pair


@pytest.fixture
async def running(pair: Pair) -> AsyncIterator[Pair]:
    """The same with the second node looking at the log, as it does in service."""
    task = asyncio.create_task(pair.sync.run())
    yield pair
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_one_node_plays_is_told_by_the_other_without_a_read(pair: Pair) -> None:
    reads = pair.house.log.reads.total()
    await pair.one.act(pair.game_id, ANN, 5)
    await pair.one.act(pair.game_id, BEN, 6)
    await pair.told(START + 2)
    assert pair.sync.stats.folded == 2
    assert pair.house.log.reads.total() == reads
    # A read of what is followed is answered from memory as well.
    assert (await pair.two.state(pair.game_id)).seq == START + 2
    assert pair.house.log.reads.total() == reads


async def test_a_gap_is_filled_from_the_log(pair: Pair) -> None:
    pair.here.losing = True
    await pair.one.act(pair.game_id, ANN, 5)
    pair.here.losing = False
    await pair.one.act(pair.game_id, BEN, 6)
    await pair.told(START + 2)
    assert pair.sync.stats.gaps == 1


async def test_what_comes_twice_or_late_is_told_once(pair: Pair) -> None:
    await pair.one.act(pair.game_id, ANN, 5)
    await pair.one.act(pair.game_id, BEN, 6)
    first, second = pair.here.said[-2:]
    for note in (second, first, second):
        pair.sync.hear(note)
    await pair.one.act(pair.game_id, ANN, 7)
    await pair.told(START + 3)


async def test_entries_that_overlap_with_what_is_known_count_from_there(pair: Pair) -> None:
    await pair.one.act(pair.game_id, ANN, 5)
    await pair.told(START + 1)
    pair.here.losing = True
    await pair.one.act(pair.game_id, BEN, 6)
    entries: list[Entry] = await pair.house.log.log.read(pair.game_id)
    pair.sync.hear(Appended(pair.game_id, entries))
    await pair.told(START + 2)
    assert pair.sync.stats.gaps == 0


async def test_nothing_falls_between_the_subscription_and_the_state(house: House) -> None:
    pair = Pair(house)
    pair.game_id = await pair.one.table("goofspiel")
    await pair.two.state(pair.game_id)
    reached, opened, house.log.before_read = gate()
    coming = asyncio.create_task(pair.two.spectate("eve", pair.game_id))
    await within(reached.wait())
    # It listens, and has not read yet.
    await pair.one.act(pair.game_id, ANN, 5)
    opened.set()
    joined = await within(coming)
    await pair.one.act(pair.game_id, BEN, 6)
    await until(lambda: pair.seqs()[-1:] == [START + 2])
    assert pair.seqs() == list(range(joined.seq, START + 3))


async def test_a_table_that_is_viewed_stays_where_its_viewers_are(pair: Pair) -> None:
    for _ in range(3):  # there is room for one table
        await pair.two.table()
    reads = pair.house.log.reads[pair.game_id]
    await pair.one.act(pair.game_id, ANN, 5)
    await pair.told(START + 1)
    assert pair.house.log.reads[pair.game_id] == reads


async def test_without_the_bus_the_log_is_looked_at(running: Pair) -> None:
    running.there.cut()
    await running.one.act(running.game_id, ANN, 5)
    await within(running.told(START + 1), 2)
    # Whoever comes now sees what is true, and waits for nobody.
    await running.one.act(running.game_id, BEN, 6)
    assert (await within(running.two.join("ann", running.game_id, ANN), 1)).seq == START + 2
    await within(running.told(START + 2), 2)
    assert not running.sync.is_current(running.game_id)


async def test_when_the_bus_is_back_what_was_missed_is_read_once(running: Pair) -> None:
    running.there.cut()
    await running.one.act(running.game_id, ANN, 5)
    running.there.mend()
    await within(running.told(START + 1), 2)
    await until(lambda: running.sync.is_current(running.game_id))
    found = running.sync.stats.found
    await running.one.act(running.game_id, BEN, 6)
    await running.told(START + 2)
    assert running.sync.stats.found == found


async def test_too_many_notes_at_once_are_read_from_the_log(running: Pair) -> None:
    await running.one.act(running.game_id, ANN, 5)
    await running.told(START + 1)
    running.here.losing = True
    await running.one.act(running.game_id, BEN, 6)
    for _ in range(MAX_NOTES + 2):
        running.sync.hear(running.here.said[-2])  # nothing but what is known
    await within(running.told(START + 2), 2)


async def test_a_log_that_fails_for_a_while_is_asked_again(running: Pair) -> None:
    async def fail() -> None:
        raise Unavailable("the log is away")

    running.house.log.before_read = fail
    running.here.losing = True
    await running.one.act(running.game_id, ANN, 5)
    running.here.losing = False
    await running.one.act(running.game_id, BEN, 6)
    await until(lambda: not running.sync.is_current(running.game_id))
    running.house.log.before_read = None
    await within(running.told(START + 2), 3)
    await until(lambda: running.sync.is_current(running.game_id))


async def test_what_was_appended_and_never_acked_is_published_when_it_is_found(pair: Pair) -> None:
    async def lose_the_answer() -> None:
        raise Unavailable("who knows")

    pair.house.log.after = lose_the_answer
    with pytest.raises(Unavailable):
        await pair.one.act(pair.game_id, ANN, 5, action_id="a")
    # A resend finds it, and the others hear of it.
    assert (await pair.one.act(pair.game_id, ANN, 5, action_id="a")).seq == START + 1
    await pair.told(START + 1)
    assert pair.sync.stats.folded == 1


async def test_a_game_that_nobody_views_any_more_is_not_followed(pair: Pair) -> None:
    await pair.two.join("ann", pair.game_id, ANN)
    pair.two.games.viewers.leave("eve", pair.game_id)
    assert pair.there.heard(pair.game_id)
    pair.two.games.viewers.leave("ann", pair.game_id)
    assert not pair.there.heard(pair.game_id)
    assert len(pair.sync) == 0


async def test_whoever_may_not_come_leaves_nothing_behind(pair: Pair) -> None:
    with pytest.raises(GameNotFound):
        await pair.two.spectate("eve", "no such game")
    assert len(pair.sync) == 1
    assert not pair.there.heard("no such game")


async def test_presence_is_published_when_it_changes_and_by_nobody_twice(pair: Pair) -> None:
    def told(node: Node, sid: str) -> int:
        return sum(message.event == "game:presence" for message in node.viewers.inbox[sid])

    await pair.one.join("ann", pair.game_id, ANN)
    pair.house.room.users = {ANN.user_id}
    for _ in range(3):
        await pair.one.games.viewers.announce_presence(pair.game_id)
    await until(lambda: told(pair.two, "eve"))
    assert told(pair.one, "ann") == told(pair.two, "eve") == 1
    assert len(pair.here.said) - len([s for s in pair.here.said if isinstance(s, Appended)]) == 1
    assert not pair.there.said


async def test_what_is_said_on_another_node_is_handed_on(pair: Pair) -> None:
    heard: list[Said] = []

    async def receive(line: Said) -> None:
        heard.append(line)

    line = Said(pair.game_id, 0, ANN.user_id, ANN.name, "well played", 1, "players")
    pair.sync.talk(receive)
    await pair.one.act(pair.game_id, ANN, 5)
    pair.here.publish(line)
    await until(lambda: heard == [line])
    assert pair.seqs() == [START, START + 1]  # it came after what it is about


async def test_what_is_said_behind_what_cannot_be_read_is_handed_on(pair: Pair) -> None:
    heard: list[Said] = []

    async def receive(line: Said) -> None:
        heard.append(line)

    async def fail() -> None:
        raise Unavailable("the log is away")

    line = Said(pair.game_id, 0, ANN.user_id, ANN.name, "well played", 1, "players")
    pair.sync.talk(receive)
    pair.here.losing = True
    await pair.one.act(pair.game_id, ANN, 5)
    await pair.one.act(pair.game_id, BEN, 6)
    pair.house.log.before_read = fail
    pair.sync.hear(pair.here.said[-1])  # it has missed one, which must be read
    pair.sync.hear(line)
    await until(lambda: heard == [line])
    assert not pair.sync.is_current(pair.game_id)
