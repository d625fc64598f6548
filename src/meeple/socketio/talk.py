"""What players say to each other, in offers and in words: decode once, call one method, ack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

from meeple.protocols import Ack
from meeple.schemas import ws_messages as ws
from meeple.services.chat import Chat
from meeple.services.game_service import GameService


class Speaker(Protocol):
    """Who sent an event."""

    @property
    def user_id(self) -> UUID:
        """The user."""
        ...

    @property
    def name(self) -> str:
        """The user's name, as others may see it."""
        ...


class TalkHandlers:
    """Handles offers, answers and chat for `GameHandlers`.

    Args:
        games: the use cases.
        chat: the chat of the tables.
    """

    def __init__(self, games: GameService, chat: Chat) -> None:
        self._games = games
        self._chat = chat
        #: One method an event, as those of `GameHandlers`.
        self.handle: Mapping[type[ws.ClientMessage], Callable[..., Any]] = {
            ws.Offer: self._offer,
            ws.Answer: self._answer,
            ws.Say: self._say,
            ws.Mute: self._mute,
        }

    async def welcome(self, sid: str, game_id: str, speaker: Speaker) -> None:
        """Somebody has come to the table."""
        await self._chat.welcome(sid, game_id, speaker.user_id)

    async def _offer(self, sid: str, speaker: Speaker, message: ws.Offer, ack: Ack) -> None:
        await self._games.offer(
            message.game_id,
            speaker.user_id,
            message.kind,
            seconds=message.seconds,
            action_id=message.action_id,
            on_commit=ack,
        )

    async def _answer(self, sid: str, speaker: Speaker, message: ws.Answer, ack: Ack) -> None:
        await self._games.answer(
            message.game_id,
            speaker.user_id,
            message.kind,
            message.accept,
            action_id=message.action_id,
            on_commit=ack,
        )

    async def _say(self, sid: str, speaker: Speaker, message: ws.Say, ack: Ack) -> None:
        await self._chat.say(
            sid,
            message.game_id,
            speaker.user_id,
            speaker.name,
            message.text,
            lambda: ack(ws.Ok(ok=True, game_id=message.game_id)),
        )

    async def _mute(self, sid: str, speaker: Speaker, message: ws.Mute, ack: Ack) -> None:
        await self._chat.mute(sid, message.game_id, speaker.user_id, message.user_id, message.muted)
        ack(ws.Ok(ok=True, game_id=message.game_id))
