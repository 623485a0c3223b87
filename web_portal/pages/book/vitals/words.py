"""Measurements in words: a value, a mean, and the sentence of the last week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from api.core import i18n
from api.phr.entries.kinds import Kind
from api.phr.entries.service import Entry
from api.phr.vitals import guidance
from api.phr.vitals.figures import figures, rounded
from api.phr.vitals.kinds import NUMBERS, OF_NAME, PRESSURE, STEPS
from api.phr.vitals.service import Period
from api.phr.vitals.summing import PARTS, Reading, points
from web_portal.page import PortalRequest, preferences, say

HERE = "/book/vitals"


def title(request: PortalRequest, kind: str) -> str:
    return say(request, f"vitals.kind.{kind}")


def unit(request: PortalRequest, field: str) -> str:
    return say(request, f"vitals.unit.{field}")


def value(request: PortalRequest, kind: str, values: Mapping[str, str]) -> str:
    """132/84 mmHg, 脈拍 66; 62.5 kg; 101 mg/dL (空腹時)."""
    if kind == PRESSURE.name:
        said = f"{values['systolic']}/{values['diastolic']} mmHg"
        if values.get("pulse"):
            said = say(request, "vitals.with_pulse", pressure=said, pulse=values["pulse"])
        return said
    name = NUMBERS[kind][0].name
    said = f"{values[name]} {unit(request, name)}"
    if values.get("meal"):
        meal = say(request, f"vitals.group.{values['meal']}")
        said = say(request, "vitals.with_meal", glucose=said, meal=meal)
    return said


def mean(kind: Kind, readings: Sequence[Reading], group: str = "", *, field: str = "") -> str:
    """132/84 of blood pressure, else one number; "" of nothing."""
    names = [field] if field else [each.name for each in NUMBERS[kind.name] if each.is_required]
    parts = []
    for number in NUMBERS[kind.name]:
        counted = figures(points(kind, readings, number.name, group))
        if number.name in names and counted is not None:
            parts.append(written(counted.mean, min(number.decimals, 1)))
    return "/".join(parts)


def written(number: Decimal, decimals: int) -> str:
    return f"{rounded(number, decimals):,}"


def of_days(readings: Sequence[Reading], today: date, days: int) -> list[Reading]:
    first = today - timedelta(days=days - 1)
    return [each for each in readings if first <= each.on <= today]


def week(request: PortalRequest, kind: Kind, readings: Sequence[Reading], today: date) -> list[str]:
    """What the last seven days come to, of blood pressure morning and evening apart."""
    lately = of_days(readings, today, guidance.DAYS)
    if kind is not PRESSURE:
        said = mean(kind, lately)
        if not said:
            return []
        name = NUMBERS[kind.name][0].name
        return [say(request, "vitals.week", mean=f"{said} {unit(request, name)}")]
    found = []
    fewest = guidance.DAYS
    for part in PARTS:
        counted = figures(points(kind, lately, "systolic", part))
        if counted is not None:
            said = mean(kind, lately, part)
            found.append(say(request, f"vitals.week.{part}", mean=said, days=counted.days))
            fewest = min(fewest, counted.days)
    if not found and lately:
        said = mean(kind, lately)
        found.append(say(request, "vitals.week", mean=f"{said} mmHg"))
    elif found and fewest < guidance.FEWEST_DAYS:
        found.append(say(request, "vitals.week.few", days=guidance.FEWEST_DAYS))
    return found


def part(request: PortalRequest, read: Period) -> str:
    """Which of the time's measurements a picture and its figures are of; "" for all of them."""
    if not read.is_cut:
        return ""
    locale = preferences(request).locale
    return say(
        request,
        "vitals.part",
        count=f"{len(read.entries):,}",
        first=i18n.day(locale, read.since),
        last=i18n.day(locale, read.entries[0].on),
    )


def when(request: PortalRequest, entry: Entry) -> str:
    locale = preferences(request).locale
    return i18n.moment(locale, entry.at) if entry.at else i18n.day(locale, entry.on)


def shown(request: PortalRequest, entry: Entry) -> dict[str, object]:
    """An entry as lists show it."""
    return {
        "id": str(entry.entry_id),
        "kind": title(request, entry.kind),
        "value": value(request, entry.kind, entry.values),
        "when": when(request, entry),
        "by": say(request, f"vitals.by.{entry.by}") if entry.by != "self" else "",
        "device": entry.device,
    }


def listed(request: PortalRequest, kind: Kind, entries: Sequence[Entry]) -> list[dict[str, object]]:
    """Where several counted one day's steps, which of them counts; of like ones the one above."""
    most: dict[date, Entry] = {}
    days = Counter(each.on for each in entries)
    if kind is STEPS:
        for each in entries:
            before = most.get(each.on)
            if days[each.on] > 1 and (before is None or _steps(before) < _steps(each)):
                most[each.on] = each
    return [
        shown(request, each)
        | {"counts": say(request, "vitals.counts") if most.get(each.on) is each else ""}
        for each in entries
    ]


def _steps(entry: Entry) -> Decimal:
    return Decimal(entry.values.get("steps", "0"))


def kind_named(name: str) -> Kind | None:
    return OF_NAME.get(name)
