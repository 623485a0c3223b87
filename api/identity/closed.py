"""An account that was closed: nothing is done for it but to enrol anew."""

from datetime import datetime

from api.core.database import Transaction
from api.identity import queries
from api.identity.errors import AccountClosed, ClosingGoesOn


async def is_closed_in(tx: Transaction) -> bool:
    """Whether the transaction's subject closed their account, and did not come back."""
    return bool((await queries.account_closed(tx))["is_closed"])


async def refuse_closed_in(tx: Transaction) -> None:
    """Raises `AccountClosed`; PostgreSQL refuses what opens one too."""
    if await is_closed_in(tx):
        raise AccountClosed


async def is_of_before_in(tx: Transaction, at: datetime) -> bool:
    """Whether the subject closed their account since, and came back: it is not taken up again."""
    returned_at = await queries.returned_at(tx)
    return returned_at is not None and at < returned_at


async def open_anew_in(tx: Transaction) -> None:
    """The subject enrols: by a form just confirmed, or with their My Number card. What was closed
    stays so, and they begin with nothing. Raises `ClosingGoesOn` before its certificate is made."""
    row = await queries.account_closed(tx)
    if row["is_closed"] and not row["is_ended"]:
        raise ClosingGoesOn
    if row["is_closed"]:
        await queries.open_anew(tx)
