"""The use cases of those who run the server: look, and act. Every act is in the audit log."""

from __future__ import annotations

from uuid import UUID

import msgspec

from meeple.engine.log import GameRow, GameStatus
from meeple.errors import GameNotFound, InvalidMessage
from meeple.protocols import ActPage, GameLog, GamePage, Sanction, SanctionKind
from meeple.services import projection
from meeple.services.audit import Audit
from meeple.services.connection_manager import ConnectionManager
from meeple.services.executor import Receipt
from meeple.services.game_service import GameService
from meeple.services.moderation import Moderation
from meeple.services.node_report import NodeReport
from meeple.services.nodes import Nodes
from meeple.services.tokens import Identity

#: The newest games that are shown of a user.
USERS_GAMES = 20


class Overview(msgspec.Struct, frozen=True):
    """All nodes.

    Attributes:
        here: the node that says so.
        complete: false if the other nodes could not be asked.
        nodes: that one first.
    """

    here: str
    complete: bool
    nodes: list[NodeReport]


class UserInfo(msgspec.Struct, frozen=True):
    """One user.

    Attributes:
        name: under which the user sat down last; null if never.
        connections: how many the user has, on all nodes.
        sanctions: the ban and the mute that hold.
        games: the newest games.
    """

    user_id: UUID
    name: str | None
    connections: int
    sanctions: list[Sanction]
    games: list[GameRow]


class AdminService:
    """What an admin may ask; that it is one who asks was checked before.

    Args:
        games: the use cases of games.
        log: where games are listed.
        connections: presence.
        nodes: the server's processes.
        moderation: bans and mutes.
        audit: where every act is noted before it is carried out.
    """

    def __init__(
        self,
        games: GameService,
        log: GameLog,
        connections: ConnectionManager,
        nodes: Nodes,
        moderation: Moderation,
        audit: Audit,
    ) -> None:
        self._games = games
        self._log = log
        self._connections = connections
        self._nodes = nodes
        self._moderation = moderation
        self._audit = audit

    # --- looking ------------------------------------------------------------------------------

    async def overview(self) -> Overview:
        """All nodes, and how they are."""
        nodes, complete = await self._nodes.reports()
        return Overview(self._nodes.here, complete, nodes)

    async def list_games(
        self, status: GameStatus, engine: str | None, cursor: str | None, limit: int
    ) -> GamePage:
        """A page of the games, whether or not they are public, newest first."""
        return await self._log.list_games(
            status=status, engine=engine, public_only=False, cursor=cursor, limit=limit
        )

    async def game_log(
        self, admin: Identity, game_id: str, *, secrets: bool = False, why: str = ""
    ) -> tuple[str, list[projection.LogEntry]]:
        """A game's engine and its log as a stranger may see it; with ``secrets``, all: an act.

        Raises:
            GameNotFound: there is no such game.
        """
        if not secrets:
            entries = await self._games.reader.replay(game_id, None)
        else:
            await self._games.check_exists(game_id)
            async with self._audit.act(admin, "see secrets", game_id, why):
                _, whole = await self._games.position(game_id)
            entries = [projection.whole_log_entry(entry) for entry in whole]
        return str((entries[0].payload or {})["engine"]), entries

    async def user(self, user_id: UUID) -> UserInfo:
        """What is known of a user; one who was never here looks the same as one who never sat."""
        page = await self._log.list_games(player=user_id, public_only=False, limit=USERS_GAMES)
        return UserInfo(
            user_id,
            _name(user_id, page.games),
            len(await self._connections.connections_of(user_id)),
            self._moderation.of(user_id),
            page.games,
        )

    def sanctions(self) -> list[Sanction]:
        """The bans and mutes that hold now, newest first."""
        return self._moderation.all()

    async def acts(self, target: str | None, cursor: str | None, limit: int) -> ActPage:
        """A page of the audit log, newest first."""
        return await self._audit.acts(target=target, cursor=cursor, limit=limit)

    # --- acting -------------------------------------------------------------------------------

    async def abort(self, admin: Identity, game_id: str, why: str) -> Receipt:
        """End a game, whatever its players think.

        Raises:
            GameNotFound, GameOver: there is nothing to abort.
            EngineError, Unavailable: it could not be done.
        """
        # Its row, and not the game: one that its engine cannot fold any more can be ended too.
        if await self._log.find_game(game_id) is None:
            raise GameNotFound
        async with self._audit.act(admin, "abort", game_id, why):
            return await self._games.call_off(game_id)

    async def impose(
        self, admin: Identity, user_id: UUID, kind: SanctionKind, seconds: int | None, why: str
    ) -> Sanction:
        """Ban or mute a user, for so many seconds or for good.

        Raises:
            InvalidMessage: an admin's own account cannot be banned.
        """
        if user_id == admin.user_id and kind is SanctionKind.BAN:
            raise InvalidMessage("you cannot ban yourself")
        details = {"seconds": seconds}
        async with self._audit.act(admin, kind.value, str(user_id), why, **details) as at:
            sanction = Sanction(
                user_id=user_id,
                kind=kind,
                since=at,
                until=None if seconds is None else at + 1000 * seconds,
                why=why,
                admin_id=admin.user_id,
                admin_name=admin.name,
            )
            await self._moderation.impose(sanction)
        return sanction

    async def lift(self, admin: Identity, user_id: UUID, kind: SanctionKind, why: str) -> None:
        """Take a ban or a mute back; nothing happens if there is none, but it is noted."""
        async with self._audit.act(admin, f"lift {kind.value}", str(user_id), why):
            await self._moderation.lift(user_id, kind)

    async def drain(self, admin: Identity, node: str, why: str) -> None:
        """Have a node send its clients away; returns before it has.

        Raises:
            NodeNotFound: there is no such node.
            Unavailable: it could not be told.
        """
        await self._nodes.check(node)
        async with self._audit.act(admin, "drain", node, why):
            await self._nodes.order_drain(node)


def _name(user_id: UUID, games: list[GameRow]) -> str | None:
    for game in games:
        for player in game.players:
            if player is not None and player.user_id == user_id:
                return player.name
    return None
