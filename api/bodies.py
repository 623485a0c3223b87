"""A body that stops coming, or comes in drops, is not waited for: its request ends with 408."""

import asyncio
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from api.core.errors import TooSlow

# A phone slowed down by its contract still sends 16,000 (128 kbit/s).
LEAST_BYTES_A_SECOND: Final = 1_000


def patience(quiet: float, received: int, waited: float) -> float:
    """For how many seconds the next piece is waited for: at most `quiet`, and never so long that
    all the waiting passes `quiet` and what the bytes so far took at the least pace."""
    return min(quiet, quiet + received / LEAST_BYTES_A_SECOND - waited)


class _Body:
    """One request's, as far as it came. Only waiting counts, not what is done between pieces."""

    def __init__(self, receive: Receive, quiet: float) -> None:
        self._receive, self._quiet = receive, quiet
        self._received, self._waited = 0, 0.0
        self._is_whole = self._is_given_up = False

    async def next(self) -> Any:
        """Raises `TooSlow` once; whoever asks on hears that the sender is gone."""
        if self._is_whole:
            return await self._receive()
        if self._is_given_up:
            return {"type": "http.disconnect"}
        now = asyncio.get_running_loop().time
        begun = now()
        try:
            async with asyncio.timeout(patience(self._quiet, self._received, self._waited)):
                message = await self._receive()
        except TimeoutError:
            self._is_given_up = True
            raise TooSlow from None
        self._waited += now() - begun
        self._take(message)
        return message

    def _take(self, message: Any) -> None:
        self._received += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)


def in_time(app: ASGIApp, quiet: float) -> ASGIApp:
    """Around everything, so that whoever reads a body, and be it to let it go by, is held to it."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        is_http = scope["type"] == ScopeType.HTTP
        await app(scope, _Body(receive, quiet).next if is_http else receive, send)

    return timed
