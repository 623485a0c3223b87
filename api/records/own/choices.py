"""What the participant has said of one record: how delicate, hidden from all, shared once."""

from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from api.consent.facts import TREATMENT, Directive, Provision

SHARE_DAYS: Final = 7


class Which(NamedTuple):
    """One record, by what rows of the settings can name it by."""

    record_id: UUID
    category: str
    facility_id: UUID
    on: date
    sensitivity: int


class Choices(Struct, frozen=True):
    """`level` is in force; `set_level` is the participant's own, None as the record came.

    Hidden, by itself or with a period of care: from everyone but the facility that wrote it.
    `shares` are those running or to come.
    """

    level: int
    set_level: int | None
    is_hidden: bool
    periods: tuple[Provision, ...]
    shares: tuple[Provision, ...]

    @property
    def is_kept_back(self) -> bool:
        return self.is_hidden or bool(self.periods)


def choices_of(directive: Directive, which: Which, now: datetime) -> Choices:
    set_level = next(
        (mark.level for mark in directive.marks if mark.record_id == which.record_id), None
    )
    hiding = [
        rule
        for rule in directive.provisions
        if rule.axis == "filter"
        and rule.kind == "deny"
        and (rule.profession, rule.professional_id, rule.facility_id) == (None, None, None)
        and rule.applies(TREATMENT, now)
    ]
    return Choices(
        level=which.sensitivity if set_level is None else set_level,
        set_level=set_level,
        is_hidden=any(which.record_id in rule.record_ids for rule in hiding),
        periods=tuple(rule for rule in hiding if _covers(rule, which)),
        shares=tuple(
            rule
            for rule in directive.provisions
            if rule.axis == "share"
            and rule.valid_to is not None
            and rule.valid_to > now
            and (which.record_id in rule.record_ids or rule.category == which.category)
        ),
    )


def _covers(rule: Provision, which: Which) -> bool:
    return (
        (rule.data_from is not None or rule.data_to is not None)
        and (rule.data_from is None or rule.data_from <= which.on)
        and (rule.data_to is None or which.on < rule.data_to)
        and rule.source_facility_id in (None, which.facility_id)
        and rule.category in (None, which.category)
    )
