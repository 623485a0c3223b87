"""The ways out of the house. Each sends one message to one address and says how that ended."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from notifications.rules import Outcome

SECONDS: Final = 10.0
KEPT_SECONDS: Final = 3 * 24 * 3600
Address = Mapping[str, Any]


class Message(NamedTuple):
    """What may stand on a locked screen. `key`: one notice, sent twice, is shown once."""

    key: str
    title: str
    body: str
    url: str
    is_urgent: bool


class Channel(Protocol):
    """`at_once`: how many sendings it bears at a time."""

    at_once: int

    async def send(self, message: Message, to: Address) -> Outcome: ...

    async def close(self) -> None: ...


def key_of(notice_id: UUID) -> str:
    """22 characters: the Topic of a push may have 32 (RFC 8030 §5.4)."""
    return base64.urlsafe_b64encode(notice_id.bytes).rstrip(b"=").decode()


@dataclass(frozen=True)
class Limits:
    """How long one sending may take, and how many run at a time."""

    seconds: float = SECONDS
    at_once: int = 16
