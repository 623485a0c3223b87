"""What people type at sign-up, brought to one form, and values that never print themselves."""

import unicodedata
from typing import Any

# Marks a Japanese keyboard or a phone puts where a person means "-", beyond Unicode's own dashes:
# soft hyphen, hyphen bullet, minus sign, box line, long-vowel mark, prolonged-sound forms.
_DASHES = frozenset("\u00ad\u02d7\u2043\u2212\u2500\u2501\u30fc\u3030")

_GROUPING = str.maketrans("", "", ".,・")


def is_separator(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        character.isspace() or character in _DASHES or category in {"Pd", "Cf"} or character == "_"
    )


def without_separators(text: str) -> str:
    """Full-width folded to half-width (NFKC); spaces, dashes and invisible marks dropped."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(character for character in folded if not is_separator(character))


def normalise_digits(text: str) -> str:
    """Of a number, the marks that group its digits go too."""
    return without_separators(text).translate(_GROUPING)


def is_digits(text: str, length: int) -> bool:
    """`str.isdigit` alone would also accept the digits of other scripts."""
    return len(text) == length and text.isascii() and text.isdigit()


class Hidden:
    """Holds text that repr, str, format and the JSON encoders cannot show; ask for it by name.

    Deliberately neither a str, a dataclass nor a msgspec struct: those encode themselves.
    """

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Hidden) and other._text == self._text

    def __hash__(self) -> int:
        return hash((type(self), self._text))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(hidden)"

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} does not serialise")
