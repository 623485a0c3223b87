"""One event of the log as its participant reads it: a plain sentence, and the facts behind it."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from api.access_log.events import EventName
from api.access_log.service import LogRow, Withheld
from api.consent import explain
from api.consent.facts import Basis
from api.consent.settings.changes import facilities_named, professionals_named
from api.consent.settings.telling import change_said, label
from api.core import i18n
from api.core.actor import ActorKind
from api.directory.profile import NetworkProfile
from api.support.reading import log_kinds, log_reasons
from api.support.reading.log_kinds import KindCount
from api.support.reading.log_sentences import changes_in, sentence

ACCESSES = frozenset(
    {
        EventName.RECORD_READ,
        EventName.PARTICIPANT_FOUND,
        EventName.PARTICIPANT_SOUGHT,
        EventName.CONSENT_READ,
        EventName.ACCESS_EVALUATED,
        EventName.RECORDS_EXPORTED,
    }
)

QUESTIONS = frozenset(event for event in EventName if event.startswith("support:log_question:"))

PROFESSIONALS = (ActorKind.PROFESSIONAL, ActorKind.SYSTEM)

Names = Mapping[UUID, str]


class QuestionMark(msgspec.Struct, frozen=True):
    """Where the question about an event stands; `due_on` while an answer is awaited."""

    state: Literal["received", "answered", "content", "reopened"]
    due_on: date | None
    is_overdue: bool


class WithheldPart(msgspec.Struct, frozen=True):
    """A part of the event that is not told until the day `until`, and why."""

    name: str
    label: str
    reason: str
    until: date


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is never empty; `who` to `kinds` are filled for accesses; `changes` for changed
    settings; `on_behalf` says for whom a proxy acted, and `who` is the proxy then. Of a decision
    `rule` names what decided it, as the text `consent.basis.<rule>` says it, and
    `settings_version` the settings it was made from.

    `is_decided`: its decision can be made again, under its number. `question`: what the
    participant asked about it; `asks_about`: of a step of a question, the event it is about.
    `is_unconfirmed`: the facility has no receipt of it.
    """

    number: int
    event_id: UUID
    at: datetime
    event: str
    outcome: str
    is_access: bool
    sentence: str
    who: str = ""
    profession: str = ""
    facility: str = ""
    facility_id: UUID | None = None
    professional_id: UUID | None = None
    purpose: str = ""
    kinds: tuple[KindCount, ...] = ()
    changes: tuple[str, ...] = ()
    reason: str = ""
    rule: str = ""
    settings_version: int | None = None
    is_decided: bool = False
    withheld: tuple[WithheldPart, ...] = ()
    question: QuestionMark | None = None
    asks_about: int | None = None
    is_unconfirmed: bool = False
    on_behalf: str = ""


def facilities_named_in(rows: Iterable[LogRow]) -> set[UUID]:
    """Whose names `line` will ask for."""
    ids = set()
    for row in rows:
        if row.facility_id is not None:
            ids.add(row.facility_id)
        ids |= facilities_named(changes_in(row))
    return ids


def people_named_in(rows: Iterable[LogRow]) -> set[UUID]:
    return {each for row in rows for each in professionals_named(changes_in(row))}


def line(row: LogRow, locale: str, profile: NetworkProfile, names: Names) -> LogLine:
    actor: dict[str, Any] = row.detail.get("actor") or {}
    kinds = log_kinds.counted(row.detail.get("resources") or (), locale, profile)
    facility = (actor.get("facility") or {}).get(locale) or (
        names.get(row.facility_id, "") if row.facility_id else ""
    )
    code = actor.get("profession")
    profession = label(profile, "profession", code, locale) if code else ""
    who = actor.get("name") or ""
    behalf: dict[str, Any] = row.detail.get("on_behalf") or {}
    basis: dict[str, Any] = row.detail.get("basis") or {}
    return LogLine(
        number=row.number,
        event_id=row.eid,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        is_access=row.event in ACCESSES
        and row.actor_kind != ActorKind.PARTICIPANT
        and not row.is_erased,
        sentence=sentence(
            row, locale, kinds=kinds, facility=facility, who=who, profession=profession
        ),
        who=who,
        profession=profession,
        facility=facility,
        facility_id=row.facility_id,
        professional_id=row.actor_id if row.actor_kind in PROFESSIONALS else None,
        purpose=purpose_said(row.purpose_of_use, locale),
        kinds=kinds,
        changes=tuple(change_said(each, locale, profile, names) for each in changes_in(row)),
        reason=log_reasons.reason(row, locale),
        rule=_rule(basis),
        settings_version=basis.get("settings_version"),
        on_behalf=behalf.get("name", ""),
        is_decided="versions" in row.detail,
        asks_about=row.detail.get("about") if row.event in QUESTIONS else None,
        withheld=tuple(_withheld(each, locale) for each in row.withheld),
    )


def _rule(basis: Mapping[str, Any]) -> str:
    try:
        return explain.rule(msgspec.convert(basis, Basis))
    except msgspec.ValidationError:
        return ""  # no decision


def _withheld(part: Withheld, locale: str) -> WithheldPart:
    """`reason` is the key of a text, or a text."""
    key, reason = f"withheld.reason.{part.reason}", part.reason
    if i18n.has_text(locale, key):
        reason = i18n.text(locale, key)
    elif re.fullmatch(r"[a-z0-9_.:]*", reason):
        reason = i18n.text(locale, "withheld.reason.other")
    return WithheldPart(
        part.name, i18n.text(locale, f"withheld.part.{part.name}"), reason, part.until
    )


def label_or_system(profile: NetworkProfile, profession: str | None, locale: str) -> str:
    if profession is None:
        return i18n.text(locale, "log.who.system")
    return label(profile, "profession", profession, locale)


def purpose_said(code: str | None, locale: str) -> str:
    key = f"purpose.{code}"
    return i18n.text(locale, key) if i18n.has_text(locale, key) else code or ""
