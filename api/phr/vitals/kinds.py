"""What one measures oneself: kinds of vitals with the codes and units others read them by.

Codes are LOINC's and units UCUM's, as FHIR's vital signs ask; HbA1c also bears the JLAC10 code of
the national checkup form. Bounds are what nobody alive is outside of, not a judgement.
"""

from decimal import Decimal
from typing import Final

from api.fhir.codes import LOINC
from api.phr.entries.fields import OURS, Choice, Coded, Json, Number, Values
from api.phr.entries.kinds import Base, Checked, Kind, Shape, when_of

JLAC10: Final = "urn:oid:1.2.392.200119.6.1005"
MEALS: Final = ("fasting", "after", "other")


def _loinc(code: str, display: str) -> Coded:
    return Coded(LOINC, code, display)


def _pressure_check(values: Values) -> Checked:
    if Decimal(values["systolic"]) <= Decimal(values["diastolic"]):
        return Checked({"systolic": "error.entry.pressure"}, {})
    return Checked({}, {})


def _measured(number: Number, codings: tuple[Coded, ...], beside: Choice | None = None) -> Shape:
    """An Observation with several codes for one value, and what else is known in a component."""

    def build(values: Values, base: Base) -> Json:
        found: Json = {
            "resourceType": "Observation",
            "identifier": [base.identifier],
            "status": base.status,
            "category": base.category,
            "code": {"coding": [each.coding() for each in codings]},
            "subject": base.subject,
            "effectiveDateTime": base.at,
            "performer": [base.performer],
            **number.said(values[number.name]),
        }
        if beside is not None and values.get(beside.name):
            said = beside.said(values[beside.name])
            found["component"] = [{"code": beside.code.concept(), **said}]
        return found | ({"device": {"display": base.device}} if base.device else {})

    def values(resource: Json) -> dict[str, str]:
        found = when_of(str(resource.get("effectiveDateTime", "")))
        found[number.name] = number.heard(resource)
        for part in resource.get("component", ()) if beside is not None else ():
            found[beside.name] = beside.heard(part)  # type: ignore[union-attr]
        return found

    return Shape("Observation", build, values)


def _one(
    name: str,
    title: str,
    number: Number,
    *,
    has_time: bool = True,
    more: tuple[Coded, ...] = (),
    beside: Choice | None = None,
) -> Kind:
    return Kind(
        name=name,
        category="vitals",
        code=number.code,
        title=title,
        fields=(number, beside) if beside else (number,),
        has_time=has_time,
        shape=_measured(number, (number.code, *more), beside) if more or beside else None,
    )


def _rate(*, is_required: bool) -> Number:
    return Number(
        name="pulse",
        code=_loinc("8867-4", "脈拍"),
        unit="回/分",
        ucum="/min",
        bounds=("10", "300"),
        usual=("40", "130"),
        decimals=0,
        is_required=is_required,
    )


PRESSURE: Final = Kind(
    name="blood-pressure",
    category="vitals",
    code=_loinc("85354-9", "血圧"),
    title="血圧",
    fields=(
        Number(
            name="systolic",
            code=_loinc("8480-6", "最高血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("30", "350"),
            usual=("80", "200"),
            decimals=0,
            is_required=True,
        ),
        Number(
            name="diastolic",
            code=_loinc("8462-4", "最低血圧"),
            unit="mmHg",
            ucum="mm[Hg]",
            bounds=("15", "250"),
            usual=("40", "120"),
            decimals=0,
            is_required=True,
        ),
        _rate(is_required=False),
    ),
    has_time=True,
    check=_pressure_check,
)
PULSE: Final = _one("pulse", "脈拍", _rate(is_required=True))
WEIGHT: Final = _one(
    "weight",
    "体重",
    Number(
        name="weight",
        code=_loinc("29463-7", "体重"),
        unit="kg",
        ucum="kg",
        bounds=("0.3", "400"),
        usual=("25", "150"),
        decimals=2,
        is_required=True,
    ),
)
GLUCOSE: Final = _one(
    "glucose",
    "血糖",
    Number(
        name="glucose",
        code=_loinc("41653-7", "血糖"),
        unit="mg/dL",
        ucum="mg/dL",
        bounds=("10", "2000"),
        usual=("60", "300"),
        decimals=0,
        is_required=True,
    ),
    beside=Choice(
        name="meal",
        code=Coded(OURS, "meal", "食事との間"),
        options=(
            Coded(OURS, "fasting", "空腹時"),
            Coded(OURS, "after", "食後"),
            Coded(OURS, "other", "そのほか"),
        ),
    ),
    more=(_loinc("2339-0", "血糖"),),
)
HBA1C: Final = _one(
    "hba1c",
    "HbA1c",
    Number(
        name="hba1c",
        code=_loinc("4548-4", "HbA1c(NGSP)"),
        unit="%",
        ucum="%",
        bounds=("2", "25"),
        usual=("4", "12"),
        is_required=True,
    ),
    has_time=False,
    more=(Coded(JLAC10, "3D046000001906202", "HbA1c(NGSP)"),),
)
STEPS: Final = _one(
    "steps",
    "歩数",
    Number(
        name="steps",
        code=_loinc("41950-7", "歩数（1日）"),
        unit="歩",
        ucum="{steps}",
        bounds=("0", "200000"),
        usual=("0", "50000"),
        decimals=0,
        is_required=True,
    ),
    has_time=False,
)
TEMPERATURE: Final = _one(
    "temperature",
    "体温",
    Number(
        name="temperature",
        code=_loinc("8310-5", "体温"),
        unit="℃",
        ucum="Cel",
        bounds=("30", "45"),
        usual=("34.5", "39.5"),
        decimals=2,
        is_required=True,
    ),
)
OXYGEN: Final = _one(
    "oxygen",
    "酸素飽和度（SpO2）",
    Number(
        name="oxygen",
        code=_loinc("2708-6", "酸素飽和度"),
        unit="%",
        ucum="%",
        bounds=("20", "100"),
        usual=("90", "100"),
        decimals=0,
        is_required=True,
    ),
    more=(_loinc("59408-5", "酸素飽和度（パルスオキシメーター）"),),
)

KINDS: Final = (PRESSURE, PULSE, WEIGHT, GLUCOSE, HBA1C, STEPS, TEMPERATURE, OXYGEN)
OF_NAME: Final = {each.name: each for each in KINDS}
# What a form or a file has a place for; the fields of all kinds, each once.
FIELDS: Final = tuple({field.name: field for kind in KINDS for field in kind.fields}.values())
NUMBERS: Final[dict[str, tuple[Number, ...]]] = {
    kind.name: tuple(field for field in kind.fields if isinstance(field, Number)) for kind in KINDS
}


def sorted_out(values: Values) -> list[tuple[Kind, dict[str, str]]]:
    """The entries that fields filled in together make, a pulse with the blood pressure it came
    with; each without the day and time."""
    filled = {name: value for name, value in values.items() if value.strip()}
    found: list[tuple[Kind, dict[str, str]]] = []
    has_pressure = "systolic" in filled or "diastolic" in filled
    for kind in KINDS:
        first = kind.fields[0].name
        if kind is PRESSURE:
            is_here = has_pressure
        elif kind is PULSE:
            is_here = first in filled and not has_pressure
        else:
            is_here = first in filled
        if is_here:
            mine = {each.name: filled.get(each.name, "") for each in kind.fields}
            found.append((kind, mine))
    return found
