"""Who is served when more come than can be: emergencies keep a part of every process to themselves.

Others are told to come again in a moment as soon as too many are being served. What an emergency
needs, signing in among it, is counted apart and has database connections of its own.
"""

import asyncio
from collections.abc import Callable
from random import SystemRandom
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from api.core.errors import Problem
from api.core.reserved import is_reserved

# Requests being served at once in one process. The first is where throughput no longer grows with
# more of them (docs/benchmarks.md); the second keeps a flood on the reserved doors bounded.
MOST_OTHERS: Final = 96
MOST_RESERVED: Final = 96
_RETRY_SECONDS: Final = (1, 5)  # spread, so that not all come back together
# Who is refused hears it after a while: pressing again at once would cost more than serving.
REFUSAL_SECONDS = 1.0


class TooBusy(Problem):
    """Nothing was done: the request may be sent again as it was."""

    status = 429
    key = "error.too_busy"

    def __init__(self) -> None:
        super().__init__()
        self.headers["retry-after"] = str(SystemRandom().randint(*_RETRY_SECONDS))


class _Served:
    """How many are being served now."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = 0


def admitting(reserved: tuple[str, ...]) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware; `reserved` are the beginnings of the paths that are always served."""
    places = {True: _Served(MOST_RESERVED), False: _Served(MOST_OTHERS)}

    def middleware(app: ASGIApp) -> ASGIApp:
        async def admitted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            kept = scope["path"].startswith(reserved)
            served = places[kept]
            if served.now >= served.most:
                await asyncio.sleep(REFUSAL_SECONDS)
                raise TooBusy
            served.now += 1
            token = is_reserved.set(kept)
            try:
                await app(scope, receive, send)
            finally:
                is_reserved.reset(token)
                served.now -= 1

        return admitted

    return middleware
