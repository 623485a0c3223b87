"""Pairs of tokens for one session of an app: a short one to use, a longer one to renew both."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.core import clock
from api.core.crypto import new_token, sha256
from api.core.database import Transaction
from api.identity.tokens import token_queries

ACCESS_FOR: Final = timedelta(minutes=10)
REFRESH_FOR: Final = timedelta(days=14)


class TokenPair(NamedTuple):
    """Secrets of the app; only their hashes are stored. `ends_at`: the session's own end."""

    access_token: str
    refresh_token: str
    expires_in: int
    ends_at: datetime


async def issue_in(tx: Transaction, session_id: UUID, ends_at: datetime) -> TokenPair:
    """In place of every access token and unused refresh token of the session."""
    now = clock.now()
    access, refresh = new_token(), new_token()
    await token_queries.retire(tx, session_id)
    access_end = min(now + ACCESS_FOR, ends_at)
    for token, kind, end in (
        (access, "access", access_end),
        (refresh, "refresh", min(now + REFRESH_FOR, ends_at)),
    ):
        await token_queries.add(tx, sha256(token.encode()), session_id, kind, end)
    return TokenPair(access, refresh, int((access_end - now).total_seconds()), ends_at)
