"""The end of an account, whoever carries it out: a server that runs goes rounds of its own."""

import time
from contextlib import suppress
from uuid import UUID

import asyncpg

from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.support.closing import carrying_out

PATIENCE_SECONDS = 120
_OPEN = (
    "SELECT EXISTS (SELECT FROM account_closing WHERE participant_id = (SELECT app.subject())"
    " AND called_off_at IS NULL AND ended_at IS NULL)"
)


async def carried_out(subject: UUID | None) -> None:
    """Returns once the certificate is made, by this process or by the server's own round."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await is_open(subject):
        assert time.monotonic() < deadline, "it does not come to its end"
        with suppress(asyncpg.LockNotAvailableError):  # the other's round has the table
            await carrying_out.go_round()


async def is_open(subject: UUID | None) -> bool:
    async with unit_of_work(OPERATOR, subject=subject) as tx:
        return bool(await tx.fetchval(_OPEN))
