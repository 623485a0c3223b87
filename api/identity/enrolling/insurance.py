"""Health insurance as a card or certificate says it: insurer, symbol, number and branch."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from api.identity.typed import is_digits, normalise_digits, without_separators

INSURER_DIGITS: Final = 8
NATIONAL_DIGITS: Final = 6  # 国民健康保険: no law number before it
LONGEST: Final = 40


class InsuranceFault(StrEnum):
    """Why what was typed is no insurance; the value is the message key."""

    INSURER_LENGTH = "error.insurance.insurer_length"
    INSURER_CHECK = "error.insurance.insurer_check"
    SYMBOL = "error.insurance.symbol"
    NUMBER = "error.insurance.number"
    BRANCH = "error.insurance.branch"


class Insurance(Struct, frozen=True):
    """`insurer` has eight digits; `symbol` may be empty; `branch` two digits, or empty on old
    certificates."""

    insurer: str
    symbol: str
    number: str
    branch: str


def check_digit(payload: str) -> str:
    """Of the seven digits before it: weights 2, 1, 2, 1 … from the right, digits summed.

    From the rules for insurer numbers (保険者番号等の設定要領)."""
    total = 0
    for place, digit in enumerate(reversed(payload)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def parse_insurer(text: str) -> str | InsuranceFault:
    """Eight digits; the six of a municipality's insurance are led by zeros."""
    digits = normalise_digits(text)
    if is_digits(digits, NATIONAL_DIGITS):
        digits = digits.zfill(INSURER_DIGITS)
    if not is_digits(digits, INSURER_DIGITS):
        return InsuranceFault.INSURER_LENGTH
    if check_digit(digits[:-1]) != digits[-1]:
        return InsuranceFault.INSURER_CHECK
    return digits


def parse_insurance(
    insurer: str, symbol: str, number: str, branch: str
) -> Insurance | dict[str, InsuranceFault] | None:
    """None where nothing was typed; otherwise the faults by field, or the insurance."""
    if not any(each.strip() for each in (insurer, symbol, number, branch)):
        return None
    faults: dict[str, InsuranceFault] = {}
    read = parse_insurer(insurer)
    if isinstance(read, InsuranceFault):
        faults["insurer"] = read
    # Symbols are digits, kana or 漢字: only width and spaces are brought to one form.
    mark, digits = without_separators(symbol), without_separators(number)
    if len(mark) > LONGEST:
        faults["insurance_symbol"] = InsuranceFault.SYMBOL
    if not 1 <= len(digits) <= LONGEST or not digits.isprintable():
        faults["insurance_number"] = InsuranceFault.NUMBER
    end = normalise_digits(branch)
    if end and is_digits(end, 1):
        end = end.zfill(2)
    if end and not is_digits(end, 2):
        faults["insurance_branch"] = InsuranceFault.BRANCH
    if faults or isinstance(read, InsuranceFault):
        return faults
    return Insurance(read, mark, digits, end)
