"""What is typed is read against its kind, and comes back from FHIR as it went."""

from datetime import date, time
from uuid import UUID

import msgspec
import pytest

from api.phr.entries import kinds
from api.phr.entries.fields import Number, plain, read_day
from api.phr.entries.kinds import resource_of, values_of
from api.phr.entries.typed import read
from api.phr.vitals.kinds import STEPS
from tests.phr.samples import CHILD, SAMPLE, WEIGHT

TODAY, NOON = date(2026, 5, 3), time(12, 0)
FULL = {
    "on": "2026-05-01",
    "time": "07:30",
    "weight": "62.5",
    "meal": "before",
    "signs": "cough fever",
    "remark": "朝ごはんの前\n着替えて",
    "until": "2026-05-02",
    "first": "yes",
}
WHOSE = UUID("018f0000-0000-7000-8000-000000000001")
ENTRY = UUID("018f0000-0000-7000-8000-000000000002")


def wire(resource: dict) -> dict:
    return kinds.decoded(msgspec.json.encode(resource))


def test_every_value_comes_back_from_fhir_as_it_was_typed() -> None:
    typed = read(SAMPLE, FULL, TODAY, NOON)
    assert not typed.faults
    assert not typed.odd
    resource = wire(resource_of(SAMPLE, typed.values, ENTRY, "", WHOSE))
    assert values_of(SAMPLE, resource) == FULL
    assert resource["effectiveDateTime"] == "2026-05-01T07:30:00+09:00"
    assert resource["performer"] == [{"reference": f"Patient/{WHOSE}", "display": "本人の記入"}]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("62.5", "62.5"),
        ("６２．５", "62.5"),
        ("62.5kg", "62.5"),
        ("062.50 ㎏", "62.5"),
        ("62", "62"),
    ],
)
def test_numbers_are_read_in_the_ways_people_write_them(written: str, value: str) -> None:
    typed = read(WEIGHT, {"on": "2026/5/1", "weight": written}, TODAY, NOON)
    assert not typed.faults
    assert typed.values["weight"] == value
    back = values_of(WEIGHT, wire(resource_of(WEIGHT, typed.values, ENTRY, "", WHOSE)))
    assert back == {"on": "2026-05-01", "weight": value}


@pytest.mark.parametrize(
    ("field", "written", "fault"),
    [
        ("weight", "-62", "error.own.number"),
        ("weight", "6250", "error.own.bounds"),
        ("weight", "0.1", "error.own.bounds"),
        ("weight", "62.55", "error.own.decimals"),
        ("weight", "62 lb", "error.own.number"),
        ("meal", "during", "error.own.choice"),
        ("signs", "cough itch", "error.own.choice"),
        ("remark", "あ" * 41, "error.own.too_long"),
        ("remark", "番号は 1234 5678 9018 です", "error.entry.my_number"),
        ("until", "2026-02-30", "error.own.day"),
        ("until", "2026-05-04", "error.own.future"),
        ("until", "2026-04-30", "error.own.day"),
        ("first", "no", "error.own.choice"),
        ("on", "2026-05-04", "error.own.future"),
        ("on", "1899-12-31", "error.own.early"),
        ("on", "きのう", "error.own.day"),
        ("on", "", "error.own.required"),
        ("time", "25:00", "error.own.time"),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    field: str, written: str, fault: str
) -> None:
    typed = read(SAMPLE, {**FULL, field: written}, TODAY, NOON)
    assert typed.faults == {field: fault}
    if fault == "error.entry.my_number":
        assert typed.values[field] == ""
    else:
        assert typed.values[field] == written


def test_a_time_of_today_is_not_ahead() -> None:
    ahead = read(SAMPLE, {**FULL, "on": "2026-05-03", "until": "", "time": "12:01"}, TODAY, NOON)
    assert ahead.faults == {"time": "error.own.time_ahead"}


def test_an_odd_value_asks_once_and_another_asks_again() -> None:
    first = read(SAMPLE, {**FULL, "weight": "160"}, TODAY, NOON)
    assert first.odd == {"weight": "own.odd"}
    assert first.sure
    assert read(SAMPLE, {**FULL, "weight": "161"}, TODAY, NOON).sure != first.sure


def test_nothing_at_all_is_no_entry() -> None:
    assert read(SAMPLE, {"on": "2026-05-01"}, TODAY, NOON).faults == {"weight": "error.own.empty"}


def test_what_is_of_a_child_has_a_focus_and_no_code_of_the_keepers() -> None:
    values = {"on": "2026-05-01", "weight": "8.2"}
    resource = wire(resource_of(CHILD, values, ENTRY, "book-1", WHOSE))
    assert resource["focus"][0]["identifier"]["value"] == "book-1"
    assert {each["system"] for each in resource["code"]["coding"]} == {"urn:tsunagu:own"}


def test_days_and_numbers_are_read_alike_everywhere() -> None:
    assert read_day("２０２６年５月１日") == date(2026, 5, 1)
    for written in ("令和8年5月1日", "Ｒ８．５．１", "R8/5/1", "令8年 5月 1日"):
        assert read_day(written) == date(2026, 5, 1)
    assert read_day("昭和元年12月25日") == read_day("大正15年12月25日") == date(1926, 12, 25)
    nothing = (
        "2025-02-29",
        "2026-02-31",
        "平成32年1月1日",
        "令和0年1月1日",
        "5/1/2026",
        "8年5月1日",
    )
    assert [read_day(each) for each in nothing] == [None] * len(nothing)
    weight = CHILD.field("weight")
    assert isinstance(weight, Number)
    grouped = [weight.read(each).value for each in ("８．２", "8.2kg", "8.2 ㎏", "008.20")]
    assert grouped == ["8.2"] * 4
    assert weight.read("8,2").fault == weight.read("8，2").fault == "error.own.number"
    steps = STEPS.fields[0]
    assert isinstance(steps, Number)
    assert [steps.read(each).value for each in ("１２，３４５", "12,345歩")] == ["12345"] * 2
    assert [plain(each) for each in ("007", "0.50", "0", "10")] == ["7", "0.5", "0", "10"]
