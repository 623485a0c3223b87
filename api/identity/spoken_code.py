"""Codes on paper that a person reads, says and types: Crockford base 32, without I, L, O and U."""

from typing import Final

from api.identity.typed import without_separators

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LOOKALIKES: Final = str.maketrans("OIL", "011")


def drawn(random_bytes: bytes, bits: int) -> str:
    """The first `bits` of the bytes, five to a character."""
    number = int.from_bytes(random_bytes) >> (len(random_bytes) * 8 - bits)
    return "".join(ALPHABET[number >> shift & 31] for shift in range(bits - 5, -1, -5))


def read(typed: str) -> str | None:
    """As it was printed; None where a character is none of these."""
    code = without_separators(typed).upper().translate(LOOKALIKES)
    return code if is_written_in_it(code) else None


def is_written_in_it(code: str) -> bool:
    return set(code) <= set(ALPHABET)
