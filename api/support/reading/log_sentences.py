"""The sentence of an event: which of its texts fits, and the words it is told with."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.consent.settings.chosen_scheme import CLOSED
from api.consent.settings.switches import Command
from api.core import i18n
from api.core.actor import ActorKind
from api.support.reading import log_kinds
from api.support.reading.log_kinds import KindCount


def sentence(
    row: LogRow,
    locale: str,
    *,
    kinds: Sequence[KindCount],
    facility: str,
    who: str,
    profession: str,
) -> str:
    hidden = {each.name for each in row.withheld}
    unknown, nobody = ("withheld", "withheld") if "actor" in hidden else ("unknown", "system")
    key = "log.erased"
    if not row.is_erased:
        key = f"event.{row.event.replace(':', '.')}{_variant(row, kinds, hidden)}"
    said = _sentence(
        locale,
        key,
        facility=facility or i18n.text(locale, f"log.facility.{unknown}"),
        who=_who(who, profession, locale) or i18n.text(locale, f"log.who.{nobody}"),
        kinds=log_kinds.summed(kinds, locale),
        **_told(row, locale),
    )
    behalf: dict[str, Any] = row.detail.get("on_behalf") or {}
    if not behalf:
        return said
    return i18n.text(
        locale,
        "log.by_proxy",
        what=said,
        by=who or i18n.text(locale, "access_log.who.withheld"),
        principal=behalf.get("name") or "",
    )


def changes_in(row: LogRow) -> tuple[Command, ...]:
    if row.event != EventName.DISCLOSURE_CHANGED:
        return ()
    try:
        return msgspec.convert(row.detail.get("change"), tuple[Command, ...])
    except msgspec.ValidationError:
        return ()  # an undoing


def _sentence(locale: str, key: str, /, **told: Any) -> str:
    """Of an event that has no sentence, or whose words for it are withheld, that there was one."""
    try:
        return i18n.text(locale, key, **told)
    except LookupError:
        return i18n.text(locale, "event.other")


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
            return "" if changes_in(row) else ".undone"
        case EventName.ACCESS_ASKED | EventName.PARTICIPANT_IDENTIFIED if row.outcome == "denied":
            return ".denied"
        case _:
            return ""


def _told(row: LogRow, locale: str) -> dict[str, Any]:
    """What the event itself brings for its sentence, in this language where it says one."""
    told: dict[str, Any] = row.detail.get("told") or {}
    return {
        name: value.get(locale, "") if isinstance(value, dict) else value
        for name, value in told.items()
    }


def _who(name: str, profession: str, locale: str) -> str:
    if name and profession:
        return i18n.text(locale, "log.who.both", name=name, profession=profession)
    if name:
        return i18n.text(locale, "log.who.name", name=name)
    return profession
