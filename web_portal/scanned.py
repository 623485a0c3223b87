"""What a reader at the desk, or the camera, made of a code: whichever of ours it was."""

import re
from typing import Final

from api.emergency.cards import using

# The code on a participant's paper leads to a page of ours; only the card is read from it.
_CARD_IN_LINK: Final = re.compile(r"#(?:.*&)?card=([0-9]{16})(?:&|$)", re.ASCII)


def card_number(text: str) -> str:
    """The card named by a participant's paper or by an emergency card; else what was typed."""
    found = _CARD_IN_LINK.search(text.strip())
    if found:
        return found.group(1)
    return using.number_on(text) or text


def is_emergency_card(text: str) -> bool:
    return using.is_card(text)
