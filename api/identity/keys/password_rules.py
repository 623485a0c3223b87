"""What may be a password: 13 characters or more, and none that everybody thinks of."""

import unicodedata
from typing import Final

from api.identity.my_number import contains_my_number

SHORTEST: Final = 13
# Before any hashing, so that a long text costs nothing (ASVS 6.2.9 asks for 64 at least).
LONGEST: Final = 128


def normalised(typed: str) -> str:
    """One form for what two keyboards write differently."""
    return unicodedata.normalize("NFKC", typed[: LONGEST * 4])


def is_hashable(password: str) -> bool:
    return SHORTEST <= len(password) <= LONGEST


def fault_of(password: str, card: str, is_common: bool) -> str | None:
    """Why this is no password, as a message key. `card`: the digits of its owner's card."""
    if len(password) < SHORTEST:
        return "error.password.short"
    if len(password) > LONGEST:
        return "error.password.long"
    digits = "".join(character for character in password if character.isdecimal())
    if (card and card in digits) or contains_my_number(password):
        return "error.password.number"
    if is_common or len(set(password)) < 5:
        return "error.password.common"
    return None
