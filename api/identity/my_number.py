"""Recognising a 個人番号: never asked for, kept or logged (番号法 arts. 15, 19, 20)."""

import re
import unicodedata

from api.identity.typed import is_digits, is_separator, normalise_digits

_LENGTH = 12
_GROUPED = [4, 4, 4]
_LONGEST_GAP = 3


def is_my_number(text: str) -> bool:
    """Twelve digits whose last is 11 - (sum of Pn * Qn mod 11), or 0 where that sum is 0 or 1.

    Pn is the n-th digit from the right without the check digit; Qn = n + 1 up to n = 6, then n - 5.
    It recognises every real number, and about one in ten of any other twelve digits.
    """
    digits = normalise_digits(text)
    return is_digits(digits, _LENGTH) and _check_digit(digits[:-1]) == int(digits[-1])


def contains_my_number(free_text: str) -> bool:
    """Whether text a person typed on our forms holds such digits, written together or apart.

    Longer digit runs written as one (a 16-digit card) are not cut into pieces.
    """
    if free_text.isascii() and len(free_text) < _LENGTH:
        return False
    return any(_holds_my_number(run) for run in _digit_runs(free_text))


def _check_digit(payload: str) -> int:
    total = sum(
        int(digit) * (n + 1 if n <= 6 else n - 5)
        for n, digit in enumerate(reversed(payload), start=1)
    )
    return 0 if total % 11 <= 1 else 11 - total % 11


def _holds_my_number(groups: list[str]) -> bool:
    if any(is_my_number(group) for group in groups) or is_my_number("".join(groups)):
        return True
    lengths = [len(group) for group in groups]
    for start in range(len(groups) - 2):
        beside = lengths[max(start - 1, 0) : start] + lengths[start + 3 : start + 4]
        if (
            lengths[start : start + 3] == _GROUPED
            and 4 not in beside  # 4-4-4-4 is a card
            and is_my_number("".join(groups[start : start + 3]))
        ):
            return True
    return False


def _digit_runs(free_text: str) -> list[list[str]]:
    """Groups of digits that stand apart by a few separators only, run by run."""
    text = unicodedata.normalize("NFKC", free_text)
    runs: list[list[str]] = []
    end = -1
    for match in re.finditer(r"[0-9]+", text):
        gap = text[end : match.start()]
        if end >= 0 and len(gap) <= _LONGEST_GAP and all(is_separator(mark) for mark in gap):
            runs[-1].append(match.group())
        else:
            runs.append([match.group()])
        end = match.end()
    return runs
