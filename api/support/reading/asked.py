"""What a form or a request asks of the log, read into what the log understands."""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from api.access_log.filters import Kind, Wanted
from api.core.i18n import JAPAN
from api.fhir.codes import PURPOSES
from api.support.errors import FilterFaults

FLAGS: Final = ("emergency", "denied")
YES: Final = frozenset({"yes", "true", "1"})
NO: Final = frozenset({"", "no", "false", "0"})
_KATAKANA: Final = {hiragana: hiragana + 0x60 for hiragana in range(0x3041, 0x3097)}


class Asked(Struct, frozen=True):
    """As typed or sent; an empty text asks nothing. `since` and `until` are days in Japan, both
    counted in; `who` is part of a name or profession, `q` words of what a row says."""

    kind: str = ""
    facility: str = ""
    professional: str = ""
    who: str = ""
    purpose: str = ""
    emergency: str = ""
    denied: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """Only what narrows, in the order of the fields."""
        return {
            name: text
            for name, text in structs.asdict(self).items()
            if text.strip() and not (name in FLAGS and text in NO)
        }


class Words(Struct, frozen=True):
    """Folded, for looking in what a row says."""

    who: str = ""
    any: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.who and not self.any

    def are_in(self, who: str, text: str) -> bool:
        """`text`: all that the row says; `who`: name and profession alone."""
        folded_text = folded(text)
        return self.who in folded(who) and all(word in folded_text for word in self.any)


def folded(text: str) -> str:
    """Width, case, kana and spaces do not matter."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)
    return "".join(plain.split())


def words(asked: Asked) -> Words:
    return Words(folded(asked.who), tuple(folded(word) for word in asked.q.split()))


def wanted(asked: Asked, purposes: frozenset[str], *, upto: int | None = None) -> Wanted:
    """Raises `FilterFaults` naming each field that is no choice. `purposes`: the network's own."""
    faults: dict[str, str] = {}
    since, until = _day(asked.since, "since", faults), _day(asked.until, "until", faults)
    if since and until and until < since:
        faults["until"] = "error.log.filter.until_before_since"
    if asked.kind and asked.kind not in list(Kind):
        faults["kind"] = "error.log.filter.kind"
    if asked.purpose and asked.purpose not in PURPOSES | purposes:
        faults["purpose"] = "error.log.filter.purpose"
    for name in FLAGS:
        if getattr(asked, name) not in YES | NO:
            faults[name] = "error.log.filter.yes_or_no"
    ids = {name: _id(getattr(asked, name), name, faults) for name in ("facility", "professional")}
    if faults:
        raise FilterFaults(faults)
    return Wanted(
        kind=Kind(asked.kind) if asked.kind else None,
        facility_id=ids["facility"],
        professional_id=ids["professional"],
        purpose_of_use=asked.purpose or None,
        emergency_only=asked.emergency in YES,
        denied_only=asked.denied in YES,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
        upto=upto,
    )


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 1900 <= day.year <= 2999:
        faults[name] = "error.log.filter.day"
        return None
    return day


def _id(text: str, name: str, faults: dict[str, str]) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        faults[name] = f"error.log.filter.{name}"
        return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=JAPAN)
