"""The viewers that are connected to this node, and the way to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from meeple.protocols import Message, SocketServer


class TableBroadcaster:
    """Knows which connection views which game from which seat; a `Broadcaster`.

    One view serves all connections of a seat, and one all spectators, so a message is handed to the
    Socket.IO server once for all of them.
    """

    def __init__(self, server: SocketServer) -> None:
        self._server = server
        self._viewers: dict[str, dict[int | None, set[str]]] = {}
        self._games: defaultdict[str, dict[str, int | None]] = defaultdict(dict)

    def watch(self, sid: str, game_id: str, seat: int | None) -> None:
        """From now on, the connection is a viewer of the game: in ``seat``, or a spectator."""
        self.unwatch(sid, game_id)
        self._games[sid][game_id] = seat
        self._viewers.setdefault(game_id, {}).setdefault(seat, set()).add(sid)

    def unwatch(self, sid: str, game_id: str) -> None:
        """The connection is no longer a viewer of the game; no effect if it was none."""
        games = self._games.get(sid)
        if games is None or game_id not in games:
            return
        seat = games.pop(game_id)
        if not games:
            del self._games[sid]
        seats = self._viewers[game_id]
        seats[seat].discard(sid)
        if not seats[seat]:
            del seats[seat]
        if not seats:
            del self._viewers[game_id]

    def forget(self, sid: str) -> list[str]:
        """The connection has gone; gives the games that it viewed."""
        games = list(self._games.get(sid, ()))
        for game_id in games:
            self.unwatch(sid, game_id)
        return games

    def viewers(self, game_id: str) -> Collection[str]:
        """The connections that view the game, from whatever seat."""
        return [sid for sids in self._viewers.get(game_id, {}).values() for sid in sids]

    def games_of(self, sid: str) -> Collection[str]:
        """The games that the connection views."""
        return self._games.get(sid, {}).keys()

    def audience(self, game_id: str) -> Collection[int | None]:
        """The seats that have a viewer here; None stands for the spectators."""
        return tuple(self._viewers.get(game_id, ()))

    def send(self, game_id: str, seat: int | None, message: Message) -> None:
        """Send to every viewer of the game in that seat (None: to every spectator)."""
        viewers = self._viewers.get(game_id, {}).get(seat)
        if viewers:
            self._server.emit_encoded(message.data, viewers)

    def send_to(self, sid: str, message: Message) -> None:
        """Send to one connection."""
        self._server.emit_encoded(message.data, (sid,))
