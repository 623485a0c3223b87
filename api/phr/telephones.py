"""Telephone numbers as people write them into their books."""

import unicodedata

from api.identity.typed import is_digits, normalise_digits


def is_telephone(written: str) -> bool:
    """A Japanese number, or one with the sign and the number of a country before it."""
    folded = unicodedata.normalize("NFKC", written).strip()
    digits = normalise_digits(folded.removeprefix("+").replace("(", "").replace(")", ""))
    if folded.startswith("+"):
        return 8 <= len(digits) <= 15 and digits.isascii() and digits.isdigit()
    return digits.startswith("0") and (is_digits(digits, 10) or is_digits(digits, 11))
