"""The use cases of emergency sessions, by room: finding, opening, running, and what one grants."""

from api.access_log.holding import embargo_in
from api.emergency.acting import BREAK_GLASS, in_emergency, may_open, shut_by
from api.emergency.cards.using import known_by as known_by_card
from api.emergency.finding import find_by_insurance, find_by_items
from api.emergency.granting import Grant, grant_in, seen_in
from api.emergency.opening import Ground, Opened, approve, open_session
from api.emergency.running import View, close, mine, renew, subject_of, view, widen

__all__ = [
    "BREAK_GLASS",
    "Grant",
    "Ground",
    "Opened",
    "View",
    "approve",
    "close",
    "embargo_in",
    "find_by_insurance",
    "find_by_items",
    "grant_in",
    "in_emergency",
    "known_by_card",
    "may_open",
    "mine",
    "open_session",
    "renew",
    "seen_in",
    "shut_by",
    "subject_of",
    "view",
    "widen",
]
