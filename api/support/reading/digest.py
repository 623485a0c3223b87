"""One month of the log, summed up: who looked how often, what was new, refused or changed."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from api.access_log.events import EventName
from api.access_log.filters import EMERGENCY_PURPOSES, Kind, kind_of
from api.access_log.rows import LogRow
from api.core.actor import ActorKind
from api.core.i18n import JAPAN

_CHANGES: Final = (
    EventName.DISCLOSURE_CHANGED,
    EventName.PARTICIPATION_CHANGED,
    EventName.RESIDENCE_CHANGED,
)
_NAMED: Final[dict[str, str]] = {
    EventName.LAW_ENFORCEMENT: "law",
    EventName.RECEIPT_MISSING: "missing",
}
_EVENTS: Final = frozenset(EventName)
_Looker = tuple[UUID | None, str | None]


class Month(NamedTuple):
    """A month of the Japanese calendar."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        day = moment.astimezone(JAPAN)
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Self:
        """`text`: YYYY-MM."""
        year, _, month = text.partition("-")
        return cls(int(year), int(month))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def starts_at(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=JAPAN)

    @property
    def following(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)


class Looked(NamedTuple):
    """One profession at one facility, whose name it last went by stands by language.

    `times` records were seen, `checked` the name or the settings alone; `denied` refused.

    `kinds` counts records by category, each time anew; `emergency` counts what was done for one;
    `is_first`: no record was seen from this facility before this month.
    """

    facility_id: UUID | None
    profession: str | None
    facility: dict[str, str]
    times: int
    checked: int
    denied: int
    emergency: int
    kinds: dict[str, int]
    is_first: bool


class Digest(NamedTuple):
    """`changes` counts changes of settings, taking part and residence, `changes_by_others` those
    among them that somebody else made; `law` is what the law had handed out, `missing` accesses
    whose receipts do not agree, `withheld` events of which something is not told yet. `looked` has
    the most frequent first."""

    month: Month
    events: int
    looked: tuple[Looked, ...]
    changes: int
    changes_by_others: int
    refused_sign_ins: int
    received: int
    exports: int
    support: int
    operator: int
    law: int
    proxies: int
    missing: int
    withheld: int

    @property
    def denied(self) -> int:
        return sum(each.denied for each in self.looked)


def digest(rows: Iterable[LogRow], month: Month, known: frozenset[UUID] = frozenset()) -> Digest:
    """Of these rows those of the month. `known`: facilities that had seen records before it."""
    seen: dict[_Looker, Counter[str]] = {}
    kinds: dict[_Looker, Counter[str]] = {}
    names: dict[_Looker, tuple[datetime, dict[str, str]]] = {}
    other: Counter[str] = Counter()
    for row in rows:
        if Month.of(row.at) != month:
            continue
        other["events"] += 1
        other["withheld"] += bool(row.withheld)
        if is_access(row):
            who, name = _looker(row)
            names[who] = max(names.get(who, (row.at, name)), (row.at, name), key=_moment)
            seen.setdefault(who, Counter())[_how(row)] += 1
            seen[who]["emergency"] += row.purpose_of_use in EMERGENCY_PURPOSES
            kinds.setdefault(who, Counter()).update(_records(row))
        else:
            other.update(_others(row))
    looked = [
        Looked(
            facility_id=who[0],
            profession=who[1],
            facility=names[who][1],
            times=counts["times"],
            checked=counts["checked"],
            denied=counts["denied"],
            emergency=counts["emergency"],
            kinds=dict(kinds[who]),
            is_first=bool(counts["times"] and who[0] is not None and who[0] not in known),
        )
        for who, counts in seen.items()
    ]
    looked.sort(
        key=lambda each: (
            -each.times,
            -each.checked,
            -each.denied,
            str(each.facility_id),
            each.profession or "",
        )
    )
    return Digest(
        month=month,
        events=other["events"],
        looked=tuple(looked),
        changes=other["changes"],
        changes_by_others=other["changes_by_others"],
        refused_sign_ins=other["refused_sign_ins"],
        received=other["received"],
        exports=other["exports"],
        support=other["support"],
        operator=other["operator"],
        law=other["law"],
        proxies=other["proxies"],
        missing=other["missing"],
        withheld=other["withheld"],
    )


def is_access(row: LogRow) -> bool:
    """Somebody else looked, or tried to."""
    is_read = _kind(row) in (Kind.READS, Kind.EMERGENCY)
    return is_read and row.actor_kind != ActorKind.PARTICIPANT


def _kind(row: LogRow) -> Kind | None:
    return kind_of(EventName(row.event)) if row.event in _EVENTS else None


def _looker(row: LogRow) -> tuple[_Looker, dict[str, str]]:
    actor: dict[str, Any] = row.detail.get("actor") or {}
    return (row.facility_id, actor.get("profession")), actor.get("facility") or {}


def _moment(named: tuple[datetime, dict[str, str]]) -> datetime:
    return named[0]


def _how(row: LogRow) -> str:
    if row.outcome == "denied":
        return "denied"
    is_unsaid = any(each.name == "resources" for each in row.withheld)
    is_read = row.event == EventName.RECORD_READ
    return "times" if _records(row) or (is_read and (is_unsaid or row.is_erased)) else "checked"


def _records(row: LogRow) -> Counter[str]:
    found: Counter[str] = Counter()
    if row.event == EventName.RECORD_READ and row.outcome == "permitted":
        for each in row.detail.get("resources") or ():
            found[each["category"]] += each["count"]
    return found


def _others(row: LogRow) -> Counter[str]:
    if row.event in _CHANGES:
        return Counter(changes=1, changes_by_others=int(row.actor_kind != ActorKind.PARTICIPANT))
    if row.event in _NAMED:
        return Counter({_NAMED[row.event]: 1})
    match _kind(row):
        case Kind.SIGN_INS:
            return Counter(refused_sign_ins=int(row.outcome == "denied"))
        case Kind.RECEIVED | Kind.EXPORTS | Kind.PROXIES as kind:
            return Counter({kind.value: 1})
        case Kind.SUPPORT if not row.event.startswith("access_log:"):
            return Counter({row.event.partition(":")[0]: 1})
        case _:
            return Counter()
