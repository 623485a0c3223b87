"""Who may open a session, about whom, and on what ground."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from api.emergency.reach import Choice
from api.emergency.rules import LIMITS, Limits, Session, fold, needs_officer

# Each has its text `emergency.reason.<code>`.
REASONS: Final = (
    "unconscious",
    "cannot_speak",
    "life_in_danger",
    "severe_injury",
    "poisoning",
    "transfer",
    "disaster",
)
# How the person before the opener was found to be this participant.
IDENTIFICATIONS: Final = (
    "card",
    "emergency_card",
    "local_id",
    "four_items",
    "my_number_card",
    "insurance",
)
DISASTER: Final = "disaster"
MOST_WORDS: Final = 500

Refusal = Literal[
    "not_designated",
    "no_right",
    "not_fresh",
    "no_reason",
    "no_words",
    "not_identified",
    "oneself",
    "represents",
    "shares_insurance",
    "not_participating",
    "excluded",
    "refused",
    "already_open",
    "readable",
]


class Opening(Struct, frozen=True, kw_only=True):
    """All that an opening is decided from.

    `is_designated`: the network lets facilities of this type view in an emergency; `has_right`:
    the professional is active, trained, and of a profession that may. `shares_insurance` is what
    a predicate given in by the caller said. `can_read_t1`: the participant's settings show this
    requester all of the summary already. `earlier`: sessions of this professional with this
    participant that reach into the window. `in_disaster`: one is declared where the facility is.
    """

    is_designated: bool
    has_right: bool
    authenticated_at: datetime | None
    reason: str
    words: str
    identification: str
    identified_at: datetime | None
    is_oneself: bool = False
    represents: bool = False
    shares_insurance: bool = False
    participates: bool = True
    is_excluded: bool = False
    can_read_t1: bool = False
    choice: Choice = Choice()
    earlier: tuple[Session, ...] = ()
    in_disaster: bool = False


class Gate(NamedTuple):
    """Shut for `refusal`, or open; then perhaps by a second officer's hand alone."""

    refusal: Refusal | None
    needs_officer: bool = False


def gate(asked: Opening, now: datetime, limits: Limits = LIMITS) -> Gate:
    """The first refusal wins; who may not open anything learns nothing of the participant."""
    refusal = (
        _of_opener(asked, now, limits)
        or _of_ground(asked, now, limits)
        or _of_both(asked)
        or _of_participant(asked, now)
    )
    if refusal is not None:
        return Gate(refusal)
    return Gate(None, needs_officer(asked.earlier, now, limits))


def is_one_tap(asked: Opening) -> bool:
    """Where a disaster is declared, four items and a reason open the summary, without a word."""
    return (
        asked.in_disaster
        and not asked.words.strip()
        and asked.reason == DISASTER
        and asked.identification == "four_items"
    )


def is_fresh(at: datetime | None, now: datetime, limits: Limits = LIMITS) -> bool:
    return at is not None and now - limits.fresh <= at <= now


def _of_opener(asked: Opening, now: datetime, limits: Limits) -> Refusal | None:
    if not asked.is_designated:
        return "not_designated"
    if not asked.has_right:
        return "no_right"
    return None if is_fresh(asked.authenticated_at, now, limits) else "not_fresh"


def _of_ground(asked: Opening, now: datetime, limits: Limits) -> Refusal | None:
    if asked.reason not in REASONS:
        return "no_reason"
    if len(asked.words.strip()) > MOST_WORDS:
        return "no_words"
    if not asked.words.strip() and not is_one_tap(asked):
        return "no_words"
    is_identified = asked.identification in IDENTIFICATIONS
    if not is_identified or not is_fresh(asked.identified_at, now, limits):
        return "not_identified"
    return None


def _of_both(asked: Opening) -> Refusal | None:
    if asked.is_oneself:
        return "oneself"
    if asked.represents:
        return "represents"
    return "shares_insurance" if asked.shares_insurance else None


def _of_participant(asked: Opening, now: datetime) -> Refusal | None:
    if not asked.participates:
        return "not_participating"
    if asked.is_excluded:
        return "excluded"
    if asked.choice.kind == "refuse":
        return "refused"
    if has_running(asked.earlier, now):
        return "already_open"
    return "readable" if asked.can_read_t1 else None


def has_running(sessions: Iterable[Session], now: datetime) -> bool:
    return any(fold(each.steps, now).state != "ended" for each in sessions)
