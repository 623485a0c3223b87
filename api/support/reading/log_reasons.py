"""On what ground an event came about, in one sentence: no row of the log is without one."""

from collections.abc import Collection, Mapping
from typing import Final

from api.access_log.events import EventName
from api.access_log.service import LogRow
from api.core import i18n
from api.core.actor import ActorKind

# What is the same whoever does it; of the others it is who did it that says why.
_BY_EVENT: Final[Mapping[str, str]] = {
    EventName.RECORD_STORED: "stored",
    EventName.RECORD_WITHDRAWN: "taken_back",
    EventName.APP_READ: "app",
    EventName.TERMS_ASKED: "terms",
    EventName.TERMS_CALLED_OFF: "terms",
    EventName.PAPER_TAKEN: "paper",
    EventName.DESK_CODE_TRIED: "desk_code",
    EventName.ACCESS_ASKED: "asked",
    EventName.DELEGATION_TRIED: "delegation",
    EventName.LAW_ENFORCEMENT: "law",
    EventName.ERASED: "retention",
    EventName.RECONCILED: "reconciled",
    EventName.RECEIPT_MISSING: "reconciled",
    EventName.LOG_AUDITED: "audited",
    EventName.WITHHELD: "withheld",
}


def reason(row: LogRow, locale: str) -> str:
    """For an access, what the decision said: the rule that decided and the settings version."""
    said: Mapping[str, str] = row.detail.get("text") or {}
    hidden = {each.name for each in row.withheld}
    if not row.is_erased and said.get(locale):
        return said[locale]
    return i18n.text(locale, f"log.reason.{_ground(row, hidden)}", **_facts(row, locale))


def _ground(row: LogRow, hidden: Collection[str]) -> str:
    if row.is_erased:
        return "erased"
    if "basis" in hidden or "detail" in hidden:
        return "withheld"
    if row.detail.get("on_behalf"):
        return "proxy"
    if row.event in _BY_EVENT:
        return _BY_EVENT[row.event]
    if row.event in (EventName.SIGNED_IN, EventName.STEPPED_UP) and row.outcome == "denied":
        return "attempt"
    if row.event == EventName.DISCLOSURE_CHANGED and row.detail.get("version"):
        return f"settings.{_whose(row.actor_kind)}"
    return _whose(row.actor_kind)


def _whose(kind: str) -> str:
    match kind:
        case ActorKind.PARTICIPANT | ActorKind.SUPPORT | ActorKind.OPERATOR | ActorKind.ANONYMOUS:
            return kind
        case ActorKind.PROFESSIONAL | ActorKind.SYSTEM:
            return "facility"
        case _:
            return "other"


def _facts(row: LogRow, locale: str) -> dict[str, object]:
    told: Mapping[str, object] = row.detail.get("told") or {}
    nothing = i18n.text(locale, "log.reason.unsaid")
    return {
        "version": row.detail.get("version") or "",
        "authority": told.get("authority") or nothing,
        "reference": told.get("reference") or nothing,
        "ground": told.get("ground") or nothing,
    }
