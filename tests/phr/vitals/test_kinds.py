"""Vitals as FHIR others read: codes, units, and back again."""

from datetime import date, time
from uuid import UUID

import msgspec
import pytest

from api.phr.entries.kinds import Kind, decoded, resource_of, values_of
from api.phr.entries.typed import read
from api.phr.vitals import kinds

WHO, ENTRY = UUID(int=1), UUID(int=2)
WHEN = {"on": "2026-05-01", "time": "07:05"}
TYPED = {
    "blood-pressure": {"systolic": "132", "diastolic": "84", "pulse": "66"},
    "pulse": {"pulse": "66"},
    "weight": {"weight": "62.5"},
    "glucose": {"glucose": "101", "meal": "fasting"},
    "hba1c": {"hba1c": "6.4"},
    "steps": {"steps": "8214"},
    "temperature": {"temperature": "36.4"},
    "oxygen": {"oxygen": "97"},
}
# kind: (codes, value, UCUM); of a panel by part.
SAID = {
    "blood-pressure": [
        (["8480-6"], "132", "mm[Hg]"),
        (["8462-4"], "84", "mm[Hg]"),
        (["8867-4"], "66", "/min"),
    ],
    "pulse": [(["8867-4"], "66", "/min")],
    "weight": [(["29463-7"], "62.5", "kg")],
    "glucose": [(["41653-7", "2339-0"], "101", "mg/dL")],
    "hba1c": [(["4548-4", "3D046000001906202"], "6.4", "%")],
    "steps": [(["41950-7"], "8214", "{steps}")],
    "temperature": [(["8310-5"], "36.4", "Cel")],
    "oxygen": [(["2708-6", "59408-5"], "97", "%")],
}


def written(kind: Kind, values: dict[str, str], **more: str):
    typed = read(kind, WHEN | values, date(2026, 5, 20), time(12))
    assert not typed.faults
    made = resource_of(kind, typed.values, ENTRY, "", WHO, **more)
    return typed, decoded(msgspec.json.encode(made))


def said(part) -> tuple[list[str], str, str]:
    codes = [each["code"] for each in part["code"]["coding"]]
    return codes, str(part["valueQuantity"]["value"]), part["valueQuantity"]["code"]


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_a_vital_sign_and_comes_back_as_typed(kind: Kind) -> None:
    typed, resource = written(kind, TYPED[kind.name])
    categories = {each["code"] for held in resource["category"] for each in held["coding"]}
    assert {"vitals", "vital-signs"} <= categories
    parts = [resource] if "valueQuantity" in resource else resource["component"]
    assert [said(part) for part in parts] == SAID[kind.name]
    assert {name: value for name, value in typed.values.items() if value} == values_of(
        kind, resource
    )
    assert resource["effectiveDateTime"] == (
        "2026-05-01T07:05:00+09:00" if kind.has_time else "2026-05-01"
    )


def test_blood_pressure_is_the_panel() -> None:
    _, resource = written(kinds.PRESSURE, TYPED["blood-pressure"])
    assert resource["code"]["coding"][0]["code"] == "85354-9"


def test_a_meal_is_said_beside_glucose_and_may_be_left_out() -> None:
    _, resource = written(kinds.GLUCOSE, TYPED["glucose"])
    (part,) = resource["component"]
    assert part["valueCodeableConcept"]["coding"][0]["display"] == "空腹時"
    _, without = written(kinds.GLUCOSE, {"glucose": "101"})
    assert "component" not in without


def test_a_device_is_named() -> None:
    for kind in (kinds.HBA1C, kinds.WEIGHT):
        _, resource = written(kind, TYPED[kind.name], by="device", device="体重計")
        assert resource["device"] == {"display": "体重計"}


@pytest.mark.parametrize(
    ("kind", "values", "fault"),
    [
        (
            kinds.PRESSURE,
            {"systolic": "84", "diastolic": "132"},
            ("systolic", "error.entry.pressure"),
        ),
        (kinds.PRESSURE, {"systolic": "132"}, ("diastolic", "error.own.required")),
        (kinds.WEIGHT, {"weight": "-62"}, ("weight", "error.own.number")),
        (kinds.WEIGHT, {"weight": "6250"}, ("weight", "error.own.bounds")),
        (kinds.TEMPERATURE, {"temperature": "3640"}, ("temperature", "error.own.bounds")),
        (kinds.HBA1C, {"hba1c": "46.4"}, ("hba1c", "error.own.bounds")),
        (kinds.GLUCOSE, {"glucose": "101", "meal": "x"}, ("meal", "error.own.choice")),
        (kinds.STEPS, {"steps": "12.5"}, ("steps", "error.own.decimals")),
    ],
)
def test_what_cannot_be_is_refused(
    kind: Kind, values: dict[str, str], fault: tuple[str, str]
) -> None:
    typed = read(kind, WHEN | values, date(2026, 5, 20), time(12))
    assert fault in typed.faults.items()


def test_fields_filled_in_together_become_entries() -> None:
    def names(**values: str) -> list[str]:
        return [kind.name for kind, _ in kinds.sorted_out(values)]

    assert names(systolic="132", diastolic="84", pulse="66") == ["blood-pressure"]
    assert names(pulse="66", weight="62.5") == ["pulse", "weight"]
    assert names(diastolic="84") == ["blood-pressure"], "half is asked about, not dropped"
    assert names(meal="fasting", steps=" ") == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"systolic": "120/80"}, ("120", "80")),
        ({"diastolic": "１２０／８０"}, ("120", "80")),
        ({"systolic": "120 / 80 mmHg", "pulse": "66"}, ("120", "80")),
        ({"systolic": "120/80", "diastolic": "80"}, None),
        ({"systolic": "120/80/66"}, None),
        ({"pulse": "66/70"}, None),
    ],
)
def test_both_numbers_in_one_field_are_taken_where_the_other_is_empty(
    fields: dict[str, str], said: tuple[str, str] | None
) -> None:
    typed = read(kinds.PRESSURE, WHEN | fields, date(2026, 5, 20), time(12))
    assert bool(typed.faults) is (said is None)
    if said is None:
        assert all(typed.values[name] == value for name, value in fields.items())
    else:
        assert (typed.values["systolic"], typed.values["diastolic"]) == said
