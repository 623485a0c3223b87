"""The 16-digit participant card: an identifier, never a secret, checked by the network's scheme."""

from enum import StrEnum
from typing import Final, Self

from api.identity.my_number import is_my_number
from api.identity.typed import Hidden, is_digits, normalise_digits

CARD_DIGITS: Final = 16


class CardScheme(StrEnum):
    NONE = "none"
    LUHN = "luhn"
    VERHOEFF = "verhoeff"
    DAMM = "damm"
    MOD97 = "mod97"

    @property
    def check_length(self) -> int:
        match self:
            case CardScheme.NONE:
                return 0
            case CardScheme.MOD97:
                return 2
            case _:
                return 1


class CardFault(StrEnum):
    """Why typed text is no card number; the value is the message key."""

    NOT_16_DIGITS = "error.card.not_16_digits"
    CHECK_DIGITS = "error.card.check_digits"
    MY_NUMBER = "error.card.my_number"


class CardNumber(Hidden):
    """Sixteen digits. `parse` what people type; the constructor is for digits already accepted."""

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        if not is_digits(digits, CARD_DIGITS):
            raise ValueError("a card number has 16 digits")
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str, scheme: CardScheme) -> Self | CardFault:
        digits = normalise_digits(text)
        if is_my_number(digits):
            return CardFault.MY_NUMBER
        if not is_digits(digits, CARD_DIGITS):
            return CardFault.NOT_16_DIGITS
        if not has_valid_check(digits, scheme):
            return CardFault.CHECK_DIGITS
        return cls(digits)

    @property
    def digits(self) -> str:
        return self._text

    @property
    def grouped(self) -> str:
        return " ".join(self._text[at : at + 4] for at in range(0, CARD_DIGITS, 4))

    @property
    def masked(self) -> str:
        return f"•••• •••• •••• {self._text[-4:]}"


def issue(payload: str, scheme: CardScheme) -> CardNumber:
    """`payload`: the 16 digits without the check digits of the scheme (14 for mod97)."""
    if not is_digits(payload, CARD_DIGITS - scheme.check_length):
        raise ValueError(f"{scheme} takes {CARD_DIGITS - scheme.check_length} payload digits")
    return CardNumber(payload + check_digits(payload, scheme))


def has_valid_check(digits: str, scheme: CardScheme) -> bool:
    payload = digits[: len(digits) - scheme.check_length]
    return digits == payload + check_digits(payload, scheme)


def check_digits(payload: str, scheme: CardScheme) -> str:
    match scheme:
        case CardScheme.NONE:
            return ""
        case CardScheme.LUHN:
            return _luhn(payload)
        case CardScheme.VERHOEFF:
            return _verhoeff(payload)
        case CardScheme.DAMM:
            return _damm(payload)
        case CardScheme.MOD97:
            return _mod97(payload)


def _luhn(payload: str) -> str:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(payload)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def _mod97(payload: str) -> str:
    """ISO 7064 MOD 97-10: the whole number leaves 1 when divided by 97."""
    return f"{98 - int(payload) * 100 % 97:02d}"


# Any totally anti-symmetric quasigroup of order 10 would do; this is the one of Damm's thesis.
_QUASIGROUP: Final = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def _damm(payload: str) -> str:
    state = 0
    for digit in payload:
        state = int(_QUASIGROUP[state][int(digit)])
    return str(state)


_PERMUTATION: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _turn(a: int, b: int) -> int:
    """Product in the dihedral group of the pentagon: 0-4 turns, 5-9 turns of its mirror image."""
    mirrored = (a >= 5) != (b >= 5)
    rotation = (a % 5 - b % 5) % 5 if a >= 5 else (a % 5 + b % 5) % 5
    return rotation + 5 * mirrored


def _permuted(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = _PERMUTATION[digit]
    return digit


def _verhoeff(payload: str) -> str:
    state = 0
    for place, digit in enumerate(reversed(payload), start=1):
        state = _turn(state, _permuted(int(digit), place))
    return str(state if state >= 5 else -state % 5)
