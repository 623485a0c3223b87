"""The printed recovery code: 65 random bits a person can type, for when every key is lost."""

from enum import StrEnum
from typing import Final

from api.identity import spoken_code
from api.identity.typed import Hidden

CODE_LENGTH: Final = 13
CODE_BITS: Final = CODE_LENGTH * 5
CODE_RANDOM_BYTES: Final = 9


class RecoveryCodeFault(StrEnum):
    """Why typed text is no recovery code; the value is the message key."""

    LENGTH = "error.recovery_code.length"
    CHARACTERS = "error.recovery_code.characters"


class RecoveryCode(Hidden):
    __slots__ = ()

    def __init__(self, text: str) -> None:
        if len(text) != CODE_LENGTH or not spoken_code.is_written_in_it(text):
            raise ValueError("a recovery code has 13 Crockford base-32 characters")
        super().__init__(text)

    @property
    def text(self) -> str:
        """The thirteen characters: for the keyed hash only."""
        return self._text

    @property
    def printed(self) -> str:
        return f"{self._text[:4]}-{self._text[4:8]}-{self._text[8:]}"


def new_recovery_code(random_bytes: bytes) -> RecoveryCode:
    """`random_bytes`: 9 from the system's generator; their first 65 bits make the code."""
    if len(random_bytes) != CODE_RANDOM_BYTES:
        raise ValueError(f"a recovery code takes {CODE_RANDOM_BYTES} random bytes")
    return RecoveryCode(spoken_code.drawn(random_bytes, CODE_BITS))


def normalise_recovery_code(text: str) -> RecoveryCode | RecoveryCodeFault:
    code = spoken_code.read(text)
    if code is None:
        return RecoveryCodeFault.CHARACTERS
    if len(code) != CODE_LENGTH:
        return RecoveryCodeFault.LENGTH
    return RecoveryCode(code)
