"""The single-use activation code on the participation paper: 50 random bits a person can type."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from api.identity import spoken_code
from api.identity.typed import Hidden

CODE_BITS: Final = 50
CODE_LENGTH: Final = 10
CODE_VALID_FOR: Final = timedelta(days=30)
CODE_RANDOM_BYTES: Final = 7


class ActivationCodeFault(StrEnum):
    """Why typed text is no activation code; the value is the message key."""

    LENGTH = "error.activation_code.length"
    CHARACTERS = "error.activation_code.characters"


class ActivationCode(Hidden):
    __slots__ = ()

    def __init__(self, text: str) -> None:
        if len(text) != CODE_LENGTH or not spoken_code.is_written_in_it(text):
            raise ValueError("an activation code has 10 Crockford base-32 characters")
        super().__init__(text)

    @property
    def text(self) -> str:
        """The ten characters: for the keyed hash and the QR link only."""
        return self._text

    @property
    def printed(self) -> str:
        return f"{self._text[:5]}-{self._text[5:]}"


def new_activation_code(random_bytes: bytes) -> ActivationCode:
    """`random_bytes`: 7 from the system's generator; their first 50 bits make the code."""
    if len(random_bytes) != CODE_RANDOM_BYTES:
        raise ValueError(f"an activation code takes {CODE_RANDOM_BYTES} random bytes")
    return ActivationCode(spoken_code.drawn(random_bytes, CODE_BITS))


def normalise_activation_code(text: str) -> ActivationCode | ActivationCodeFault:
    code = spoken_code.read(text)
    if code is None:
        return ActivationCodeFault.CHARACTERS
    if len(code) != CODE_LENGTH:
        return ActivationCodeFault.LENGTH
    return ActivationCode(code)
