"""How checkups are said: items, values, where a value lies, levels and why."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from api.core import i18n
from api.directory.service import FacilityLine
from api.phr.checkup.items import SIDES, unit_of
from api.phr.checkup.rules import LevelFound
from api.phr.checkup.thresholds import Limits, Sex, limits_of
from api.records.checkups.judging import Judged, Row
from api.records.checkups.reading import Checkup, Value
from web_portal.page import PortalRequest, preferences, say

Names = dict[object, FacilityLine]
_TOLD_LEVEL: Final = {"1": "active", "2": "motivational", "3": "information"}
_TOLD_METABOLIC: Final = {"1": "met", "2": "near", "3": "not_met"}
_YES_NO: Final = frozenset({"on_pressure_medicine", "on_glucose_medicine", "on_lipid_medicine"})


def item_said(request: PortalRequest, name: str) -> str:
    return say(request, f"my_checkups.item.{name}")


def joined(request: PortalRequest, parts: Iterable[str]) -> str:
    return ("、" if preferences(request).locale == "ja" else ", ").join(parts)


def answer_said(request: PortalRequest, name: str, code: str, text: str) -> str:
    """An answer in the reader's language; one of no known code as it was written."""
    if not code:
        return text
    if name in _YES_NO:
        return say(request, f"my_checkups.answer.yes_no.{code}")
    key = f"my_checkups.answer.{name}.{code}"
    return say(request, key) if i18n.has_text(preferences(request).locale, key) else text


def value_said(request: PortalRequest, name: str, value: Value) -> str:
    """With its unit, never in two lines."""
    if value.code:
        return answer_said(request, name, value.code, value.text)
    return f"{value.text}\u00a0{unit_said(value.unit)}".strip()


def unit_said(unit: str) -> str:
    return unit.replace("m2", "m²")


def position_said(request: PortalRequest, row: Row) -> str:
    if row.value.is_odd:
        return say(request, "my_checkups.odd_unit")
    return say(request, f"my_checkups.position.{row.position}") if row.position else ""


def tag_said(request: PortalRequest, row: Row) -> str:
    """One short word for what lies beyond a threshold."""
    if row.position in ("guidance", "referral"):
        return say(request, f"my_checkups.tag.{row.position}")
    return ""


def limits_said(request: PortalRequest, name: str, sex: Sex | None) -> str:
    limits = limits_of(name, sex)
    if limits is None:
        return ""
    parts = [_limit(request, limits, "guidance", limits.guidance, name)]
    if limits.referral is not None:
        parts.append(_limit(request, limits, "referral", limits.referral, name))
    return joined(request, parts)


def _limit(request: PortalRequest, limits: Limits, which: str, number: Decimal, name: str) -> str:
    end = say(
        request,
        f"my_checkups.way.{limits.way}",
        value=f"{number:f}\u00a0{unit_said(unit_of(name))}".strip(),
    )
    return say(request, f"my_checkups.limit.{which}", end=end)


def source_said(request: PortalRequest, checkup: Checkup, names: Names) -> str:
    if checkup.source == "facility":
        label = names[checkup.facility_id].label(preferences(request).locale)
        key = "my_checkups.source.both" if checkup.is_doubled else "my_checkups.source.facility"
        return say(request, key, facility=label)
    if checkup.by == "proxy":
        return say(request, f"my_checkups.source.{checkup.source}.proxy")
    return say(request, f"my_checkups.source.{checkup.source}")


def level_said(request: PortalRequest, level: LevelFound) -> str:
    if level.outside:
        return say(request, f"my_checkups.level.{level.outside}")
    return say(request, f"my_checkups.level.{level.level or 'open'}")


def level_card(request: PortalRequest, found: Judged, sex: Sex | None) -> dict[str, object]:
    """The level as computed and as told, what it rests on, and what is missing for it."""
    level = found.level
    told = _TOLD_LEVEL.get(found.told_level, "open") if found.told_level else ""
    return {
        "said": level_said(request, level),
        "means": say(request, f"my_checkups.level.{level.level}.means") if level.level else "",
        "told": say(request, f"my_checkups.level.{told}") if told else "",
        "differs": bool(told and level.level and told != level.level),
        "why": [] if level.outside else _why(request, level, sex),
        "missing": joined(request, (missing_said(request, each) for each in level.missing)),
    }


def metabolic_card(request: PortalRequest, found: Judged) -> dict[str, object]:
    metabolic = found.metabolic
    told = _TOLD_METABOLIC.get(found.told_metabolic, "open") if found.told_metabolic else ""
    word = "outside" if metabolic.is_outside else metabolic.found or "open"
    return {
        "said": say(request, f"my_checkups.metabolic.{word}"),
        "told": say(request, f"my_checkups.metabolic.{told}") if told else "",
        "differs": bool(told and metabolic.found and told != metabolic.found),
        "risks": joined(
            request, (say(request, f"my_checkups.risk.{each}") for each in metabolic.risks)
        ),
        "missing": joined(request, (missing_said(request, each) for each in metabolic.missing)),
    }


def missing_said(request: PortalRequest, name: str) -> str:
    if name == "glucose":
        return say(request, "my_checkups.missing.glucose")
    if name == "bmi":
        return say(request, "my_checkups.missing.bmi")
    if name == "sex":
        return say(request, "my_checkups.missing.sex")
    return item_said(request, name)


def _why(request: PortalRequest, level: LevelFound, sex: Sex | None) -> list[str]:
    found = [say(request, "my_checkups.why.age", age=level.age)]
    if level.branch == "waist":
        limits = limits_of("waist", sex)
        limit = f"{limits.guidance:f}" if limits else ""
        found.append(say(request, "my_checkups.why.waist", limit=limit))
    elif level.branch == "bmi":
        found.append(say(request, "my_checkups.why.bmi"))
    if level.risks:
        said = joined(request, (say(request, f"my_checkups.risk.{each}") for each in level.risks))
        found.append(say(request, "my_checkups.why.risks", risks=said))
    if level.smokes and level.risks:
        found.append(say(request, "my_checkups.why.smokes"))
    if level.by:
        used = joined(request, (item_said(request, each) for each in level.by))
        found.append(say(request, "my_checkups.why.by", items=used))
    if level.is_on_medicine:
        found.append(say(request, "my_checkups.why.medicine"))
    if level.is_capped:
        found.append(say(request, "my_checkups.why.capped"))
    return found


def is_pressure(item: str) -> bool:
    return item in SIDES
