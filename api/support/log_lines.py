"""One event of the log as its participant reads it: a plain sentence, and the facts behind it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from api.access_log.events import EventName
from api.access_log.service import LogRow, Withheld
from api.consent import explain
from api.consent.facts import Basis
from api.consent.settings.changes import facilities_named, professionals_named
from api.consent.settings.chosen_scheme import CLOSED
from api.consent.settings.switches import Command
from api.consent.settings.telling import change_said, label
from api.core import i18n
from api.core.actor import ActorKind
from api.directory.profile import NetworkProfile
from api.support import log_reasons

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


class KindCount(msgspec.Struct, frozen=True):
    category: str
    label: str
    count: int


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
        ids |= facilities_named(_changes(row))
    return ids


def people_named_in(rows: Iterable[LogRow]) -> set[UUID]:
    return {each for row in rows for each in professionals_named(_changes(row))}


def line(row: LogRow, locale: str, profile: NetworkProfile, names: Names) -> LogLine:
    hidden = {each.name for each in row.withheld}
    actor: dict[str, Any] = row.detail.get("actor") or {}
    kinds = _kinds(row.detail.get("resources") or (), locale, profile)
    facility = (actor.get("facility") or {}).get(locale) or (
        names.get(row.facility_id, "") if row.facility_id else ""
    )
    code = actor.get("profession")
    profession = label(profile, "profession", code, locale) if code else ""
    who = actor.get("name") or ""
    is_untold = "actor" in hidden
    unknown, nobody = ("withheld", "withheld") if is_untold else ("unknown", "system")
    key = "log.erased"
    if not row.is_erased:
        key = f"event.{row.event.replace(':', '.')}{_variant(row, kinds, hidden)}"
    sentence = _sentence(
        locale,
        key,
        facility=facility or i18n.text(locale, f"log.facility.{unknown}"),
        who=_who(who, profession, locale) or i18n.text(locale, f"log.who.{nobody}"),
        kinds=_summed(kinds, locale),
        **_told(row, locale),
    )
    behalf: dict[str, Any] = row.detail.get("on_behalf") or {}
    if behalf:
        sentence = i18n.text(
            locale,
            "log.by_proxy",
            what=sentence,
            by=who or i18n.text(locale, "access_log.who.withheld"),
            principal=behalf.get("name") or "",
        )
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
        sentence=sentence,
        who=who,
        profession=profession,
        facility=facility,
        facility_id=row.facility_id,
        professional_id=row.actor_id if row.actor_kind in PROFESSIONALS else None,
        purpose=purpose_said(row.purpose_of_use, locale),
        kinds=kinds,
        changes=tuple(change_said(each, locale, profile, names) for each in _changes(row)),
        reason=log_reasons.reason(row, locale),
        rule=_rule(basis),
        settings_version=basis.get("settings_version"),
        on_behalf=behalf.get("name", ""),
        is_decided="versions" in row.detail,
        asks_about=row.detail.get("about") if row.event in QUESTIONS else None,
        withheld=tuple(_withheld(each, locale) for each in row.withheld),
    )


def _sentence(locale: str, key: str, /, **told: Any) -> str:
    """Of an event that has no sentence, or whose words for it are withheld, that there was one."""
    try:
        return i18n.text(locale, key, **told)
    except LookupError:
        return i18n.text(locale, "event.other")


def _rule(basis: Mapping[str, Any]) -> str:
    try:
        return explain.rule(msgspec.convert(basis, Basis))
    except msgspec.ValidationError:
        return ""  # no decision


def _variant(row: LogRow, kinds: Sequence[KindCount], hidden: Collection[str]) -> str:
    """Which of an event's sentences fits."""
    match row.event:
        case EventName.RECORD_READ:
            if row.outcome == "denied":
                return ".denied"
            if "resources" in hidden:
                return ".something"
            return ".permitted" if kinds else ".nothing"
        case EventName.RECORDS_EXPORTED if row.facility_id is not None:
            if row.outcome == "denied":
                return ".denied"
            return ".permitted" if kinds or "resources" in hidden else ".nothing"
        case EventName.APP_READ:
            return ".permitted" if kinds or "resources" in hidden else ".nothing"
        case EventName.ACCESS_EVALUATED if row.actor_kind == ActorKind.PARTICIPANT:
            return ".own"
        case EventName.CONSENT_READ | EventName.ACCESS_EVALUATED:
            return f".{row.outcome}"
        case EventName.SIGNED_IN | EventName.STEPPED_UP if row.outcome == "denied":
            return ".denied"
        case EventName.SIGNED_IN | EventName.ENROLLED if row.detail.get("way") == "my_number":
            return ".my_number"
        case EventName.LOOK_ALIKE_DECIDED:
            return f".{row.detail.get('decision')}"
        case EventName.PARTICIPATION_CHANGED:
            return f".{row.detail.get('because') or row.detail.get('state')}"
        case EventName.DISCLOSURE_CHANGED:
            if isinstance(change := row.detail.get("change"), dict):
                return f".{change.get('origin')}"
            if row.detail.get("change") == [{"import": "fhir"}]:
                return ".imported"
            if row.detail.get("change") == [{CLOSED: True}]:
                return ".closed"
            return "" if _changes(row) else ".undone"
        case EventName.ACCESS_ASKED | EventName.PARTICIPANT_IDENTIFIED if row.outcome == "denied":
            return ".denied"
        case _:
            return ""


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


def _told(row: LogRow, locale: str) -> dict[str, Any]:
    """What the event itself brings for its sentence, in this language where it says one."""
    told: dict[str, Any] = row.detail.get("told") or {}
    return {
        name: value.get(locale, "") if isinstance(value, dict) else value
        for name, value in told.items()
    }


def _changes(row: LogRow) -> tuple[Command, ...]:
    if row.event != EventName.DISCLOSURE_CHANGED:
        return ()
    try:
        return msgspec.convert(row.detail.get("change"), tuple[Command, ...])
    except msgspec.ValidationError:
        return ()  # an undoing


def _kinds(
    resources: Iterable[dict[str, Any]], locale: str, profile: NetworkProfile
) -> tuple[KindCount, ...]:
    """By category in the profile's order, whatever FHIR types they came as."""
    counts: dict[str, int] = {}
    for each in resources:
        counts[each["category"]] = counts.get(each["category"], 0) + each["count"]
    return kinds_in_order(counts, locale, profile)


def kinds_in_order(
    counts: Mapping[str, int], locale: str, profile: NetworkProfile
) -> tuple[KindCount, ...]:
    order = [category.code for category in profile.categories]
    order += [code for code in counts if code not in order]
    return tuple(
        KindCount(code, label(profile, "category", code, locale), counts[code])
        for code in order
        if code in counts
    )


def _summed(kinds: Sequence[KindCount], locale: str) -> str:
    if not kinds:
        return ""
    key = "log.kinds.one" if len(kinds) == 1 else "log.kinds.many"
    return i18n.text(locale, key, label=kinds[0].label, count=sum(each.count for each in kinds))


def _who(name: str, profession: str, locale: str) -> str:
    if name and profession:
        return i18n.text(locale, "log.who.both", name=name, profession=profession)
    if name:
        return i18n.text(locale, "log.who.name", name=name)
    return profession


def label_or_system(profile: NetworkProfile, profession: str | None, locale: str) -> str:
    if profession is None:
        return i18n.text(locale, "log.who.system")
    return label(profile, "profession", profession, locale)


def purpose_said(code: str | None, locale: str) -> str:
    key = f"purpose.{code}"
    return i18n.text(locale, key) if i18n.has_text(locale, key) else code or ""
