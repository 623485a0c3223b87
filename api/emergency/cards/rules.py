"""Which of a card's codes still serves, and why another does not."""

from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

# A printed one and one on the telephone: each has a code of its own.
Medium = Literal["paper", "phone"]
Ending = Literal["revoked", "replaced"]
State = Literal["good", "revoked", "replaced", "used", "expired"]

GOOD_FOR: Final = timedelta(days=365)
# Of that age on, whoever reads a card is asked to doubt it.
OLD_AFTER: Final = timedelta(days=180)


class Code(Struct, frozen=True, kw_only=True):
    """One code as it stands: `card_ended` says why its card is over, `is_newest` is among those of
    its card and medium."""

    expires_at: datetime
    card_ended: Ending | None
    is_used: bool
    is_newest: bool


def state(code: Code, now: datetime) -> State:
    """The first that holds: an end of the card says more than the age of one print."""
    if code.card_ended is not None:
        return code.card_ended
    if code.is_used:
        return "used"
    if not code.is_newest:
        return "replaced"
    return "good" if now < code.expires_at else "expired"
