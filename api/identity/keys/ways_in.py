"""What opens an account today; the last of them is never taken away."""

from typing import NamedTuple

from api.core import runtime
from api.core.database import Transaction
from api.identity.keys import key_queries, password_queries
from api.identity.national import queries as national_queries


class WaysIn(NamedTuple):
    passkeys: int
    has_password: bool
    has_card: bool


async def ways_in(tx: Transaction) -> WaysIn:
    """Of the transaction's account. A My Number card counts where its issuer is still trusted."""
    login = runtime.settings().national_login
    card = await national_queries.own_identity(tx, login.issuer) if login else None
    return WaysIn(
        len(await key_queries.passkeys(tx)), await password_queries.is_set(tx), card is not None
    )
