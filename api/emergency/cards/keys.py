"""The keys that sign emergency cards."""

from datetime import timedelta

from api.core import runtime
from api.core.client_keys import LastingKeys
from api.core.crypto import KeyRing
from api.emergency.cards.rules import GOOD_FOR


def card_keys() -> LastingKeys:
    return keys_in(runtime.keys())


def keys_in(ring: KeyRing) -> LastingKeys:
    """What a key signed on its last day is checked as long as the card is good."""
    return LastingKeys(ring.emergency_card, GOOD_FOR + timedelta(days=1))
