"""The fields an entry is made of: what may be typed into each, and the value FHIR keeps of it."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from msgspec import Raw, Struct

from api.identity.enrolling.birth_date import parse_birth_date

OURS: Final = "urn:tsunagu:own"
UCUM: Final = "http://unitsofmeasure.org"
YES: Final = "yes"

Json = dict[str, Any]
Values = Mapping[str, str]


class Coded(NamedTuple):
    """`display` in Japanese, as everything else a FHIR reader here shows."""

    system: str
    code: str
    display: str = ""

    def coding(self) -> Json:
        found = {"system": self.system, "code": self.code}
        if self.display:
            found["display"] = self.display
        return found

    def concept(self) -> Json:
        return {"coding": [self.coding()]}


class Read(NamedTuple):
    """`value` as it goes on; `fault` and `odd` are message keys, "" for none."""

    value: str
    fault: str = ""
    odd: str = ""


class Number(Struct, frozen=True, kw_only=True):
    """`bounds`: nobody alive is outside; `usual`: outside it the form asks once. Both inclusive."""

    name: str
    code: Coded
    unit: str
    ucum: str
    bounds: tuple[str, str]
    usual: tuple[str, str] | None = None
    decimals: int = 1
    is_required: bool = False

    def read(self, written: str) -> Read:
        typed = written if _NUMBER.fullmatch(written) else self._bare(written)
        if _NUMBER.fullmatch(typed) is None:
            return Read(written, "error.own.number")
        value = plain(typed)
        if not _is_within(value, self.bounds):
            return Read(written, "error.own.bounds")
        if len(value.partition(".")[2]) > self.decimals:
            return Read(written, "error.own.decimals")
        if self.usual and not _is_within(value, self.usual):
            return Read(value, odd="own.odd")
        return Read(value)

    def _bare(self, written: str) -> str:
        """Without its unit, in digits of any width."""
        typed = unicodedata.normalize("NFKC", written).strip()
        for unit in (self.unit, self.ucum):
            folded = unicodedata.normalize("NFKC", unit)
            if folded and typed.lower().endswith(folded.lower()):
                typed = typed[: -len(folded)].strip()
        return typed.replace(",", "") if _GROUPED.fullmatch(typed) else typed

    def said(self, value: str) -> Json:
        number = Raw(value.encode())
        return {
            "valueQuantity": {
                "value": number,
                "unit": self.unit,
                "system": UCUM,
                "code": self.ucum,
            }
        }

    def heard(self, holder: Json) -> str:
        number = holder.get("valueQuantity", {}).get("value")
        return "" if number is None else plain(str(number))


class Choice(Struct, frozen=True, kw_only=True):
    """One of the options; its code is the typed value."""

    name: str
    code: Coded
    options: tuple[Coded, ...]
    is_required: bool = False

    def read(self, written: str) -> Read:
        if written not in {each.code for each in self.options}:
            return Read(written, "error.own.choice")
        return Read(written)

    def said(self, value: str) -> Json:
        option = next(each for each in self.options if each.code == value)
        return {"valueCodeableConcept": option.concept()}

    def heard(self, holder: Json) -> str:
        coding = holder.get("valueCodeableConcept", {}).get("coding") or [{}]
        return str(coding[0].get("code", ""))


class Several(Struct, frozen=True, kw_only=True):
    """Any of the options: their codes with spaces between, in the options' order."""

    name: str
    code: Coded
    options: tuple[Coded, ...]
    is_required: bool = False

    def read(self, written: str) -> Read:
        chosen = set(written.split())
        if not chosen <= {each.code for each in self.options}:
            return Read(written, "error.own.choice")
        return Read(" ".join(each.code for each in self.options if each.code in chosen))

    def said(self, value: str) -> Json:
        chosen = set(value.split())
        codings = [each.coding() for each in self.options if each.code in chosen]
        return {"valueCodeableConcept": {"coding": codings}}

    def heard(self, holder: Json) -> str:
        codings = holder.get("valueCodeableConcept", {}).get("coding") or []
        return " ".join(str(each.get("code", "")) for each in codings)


class Words(Struct, frozen=True, kw_only=True):
    name: str
    code: Coded
    longest: int = 2000
    has_lines: bool = False
    is_required: bool = False

    def read(self, written: str) -> Read:
        value = written if self.has_lines else " ".join(written.split())
        return Read(value, "error.own.too_long" if len(value) > self.longest else "")

    def said(self, value: str) -> Json:
        return {"valueString": value}

    def heard(self, holder: Json) -> str:
        return str(holder.get("valueString", ""))


class Day(Struct, frozen=True, kw_only=True):
    name: str
    code: Coded
    earliest: date = date(1900, 1, 1)
    may_be_future: bool = False
    is_required: bool = False

    def read(self, written: str, today: date) -> Read:
        on = read_day(written)
        if on is None:
            return Read(written, "error.own.day")
        if on < self.earliest:
            return Read(written, "error.own.early")
        if on > today and not self.may_be_future:
            return Read(written, "error.own.future")
        return Read(on.isoformat())

    def said(self, value: str) -> Json:
        return {"valueDateTime": value}

    def heard(self, holder: Json) -> str:
        return str(holder.get("valueDateTime", ""))


class Flag(Struct, frozen=True, kw_only=True):
    """Said or not said; what is not said is not kept."""

    name: str
    code: Coded
    is_required: bool = False

    def read(self, written: str) -> Read:
        return Read(written, "" if written == YES else "error.own.choice")

    def said(self, value: str) -> Json:
        return {"valueBoolean": True}

    def heard(self, holder: Json) -> str:
        return YES if holder.get("valueBoolean") is True else ""


class File(Struct, frozen=True, kw_only=True):
    """The bytes of a file as base64: what it is, whoever takes it has seen."""

    name: str
    code: Coded
    longest: int
    is_required: bool = False

    def read(self, written: str) -> Read:
        return Read(written, "error.own.too_long" if len(written) > self.longest else "")

    def said(self, value: str) -> Json:
        return {"valueString": value}

    def heard(self, holder: Json) -> str:
        return str(holder.get("valueString", ""))


Field = Number | Choice | Several | Words | Day | Flag | File

_NUMBER: Final = re.compile(r"(\d{1,7})(\.(\d{1,4}))?", re.ASCII)
# A comma elsewhere may have been meant as a point: 36,5 is no 365.
_GROUPED: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d{1,4})?", re.ASCII)
_ERA: Final = "(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR])(?:元|[0-9]{1,2})"
_DAY: Final = re.compile(
    rf"([0-9]{{4}}|{_ERA})\s*[-/.年]\s*([0-9]{{1,2}})\s*[-/.月]\s*([0-9]{{1,2}})\s*日?", re.I
)


def _is_within(number: str, bounds: tuple[str, str]) -> bool:
    least, most = _decimals(bounds)
    return least <= Decimal(number) <= most


@cache
def _decimals(bounds: tuple[str, str]) -> tuple[Decimal, Decimal]:
    """Of the kinds' own bounds, never of what somebody typed."""
    return Decimal(bounds[0]), Decimal(bounds[1])


def plain(number: str) -> str:
    """The same number without leading and trailing noughts that say nothing: "062.50" is "62.5"."""
    whole, point, rest = number.partition(".")
    rest = rest.rstrip("0") if point else ""
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")


def read_day(written: str) -> date | None:
    """2026-05-01, 2026/5/1, 2026年5月1日, 令和8年5月1日 or R8.5.1, in digits of any width."""
    matched = _DAY.fullmatch(unicodedata.normalize("NFKC", written).strip())
    if matched is None:
        return None
    year, month, day = matched.groups()
    if not year.isdecimal():
        found = parse_birth_date(year, month, day, date.max)
        return found if isinstance(found, date) else None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def cleaned(text: str) -> str:
    """Without invisible characters and spaces at the ends of lines."""
    if text.isascii() and text.isprintable():
        return text.strip()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(c for c in line if c.isprintable() or c == "\u3000") for line in lines)
    return "\n".join(each.rstrip() for each in kept).strip()
