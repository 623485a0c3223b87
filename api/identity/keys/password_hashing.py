"""Argon2id within bounds, and whether a password is among those known to be stolen.

Two hashes at a time and a short queue: a flood of sign-ins is refused before it takes the memory
or the processors that everybody else needs.
"""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.core import runtime
from api.core.errors import Unavailable

AT_ONCE: Final = 2
MOST_WAITING: Final = 64
COMMON: Final = Path(__file__).with_name("common_passwords.txt")
# Sorted upper-case SHA-1 in hexadecimal, one in a line of 41 bytes: put there by the operator.
STOLEN: Final = "breached-sha1.txt"
LINE: Final = 41

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_pool: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
_under_way = 0


async def hashed(password: str) -> str:
    """Raises `Unavailable` where too many wait."""
    return str(await _bounded(_hasher.hash, password))


async def is_right(stored: str | None, password: str) -> bool:
    """The same work for an account that is not there. Raises `Unavailable`."""
    return bool(await _bounded(_verified, stored or _nobodys(), password)) and stored is not None


async def is_known(password: str) -> bool:
    """Among the common ones, or the stolen ones the operator keeps a list of."""
    if password.casefold() in _common():
        return True
    return await asyncio.to_thread(_stands_in, runtime.settings().home / STOLEN, password)


def _verified(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _bounded(work: object, *given: str) -> object:
    global _under_way
    if _under_way >= AT_ONCE + MOST_WAITING:
        raise Unavailable
    _under_way += 1
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_pool, work, *given)  # type: ignore[arg-type]
    finally:
        _under_way -= 1


@cache
def _nobodys() -> str:
    return _hasher.hash("a password of nobody")


@cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _stands_in(path: Path, password: str) -> bool:
    """A binary search in the file itself; no file, no such passwords."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with path.open("rb") as file:
            low, high = 0, file.seek(0, 2) // LINE
            while low < high:
                middle = (low + high) // 2
                file.seek(middle * LINE)
                found = file.read(LINE - 1)
                if found == wanted:
                    return True
                low, high = (middle + 1, high) if found < wanted else (low, middle)
    except FileNotFoundError:
        return False
    return False
