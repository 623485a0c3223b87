"""Done by whoever owns the server, to tables that are in use."""

from typing import Any, Final

import asyncpg

TRIES: Final = 10


async def by_hand(admin: Any, *statements: str) -> None:
    """All of them or none. What locks a whole table can meet a call that holds one part of it and
    asks for another: then this side gives way, soon, and begins anew."""
    for left in reversed(range(TRIES)):
        try:
            async with admin.transaction():
                await admin.execute("SET LOCAL deadlock_timeout = '50ms'")
                for statement in statements:
                    await admin.execute(statement)
            return
        except asyncpg.DeadlockDetectedError:
            if not left:
                raise
