"""What may be typed of a pregnancy: odd values ask once, impossible ones are refused in words."""

from datetime import date, time
from uuid import uuid4

import msgspec
import pytest

from api.phr.entries.kinds import Kind, decoded, resource_of, values_of
from api.phr.entries.typed import Typed, read
from api.phr.maternal import kinds

TODAY = date(2026, 6, 1)
DUE = date(2026, 10, 8)
BEGIN = "2026-01-01"


def typed(kind: Kind, **fields: str) -> Typed:
    return read(kind, {"on": "2026-05-28", **fields}, TODAY, time(12))


@pytest.mark.parametrize(
    ("fields", "faults", "odd"),
    [
        ({"lmp": BEGIN}, {}, {}),
        ({"edd": "2026-10-08"}, {}, {}),
        ({"edd": "2026-10-12", "lmp": BEGIN, "dated_by": "ultrasound"}, {}, {}),
        ({"height": "158"}, {"edd": "error.maternal.no_day"}, {}),
        ({"lmp": "2026-06-01"}, {}, {}),
        ({"lmp": "2026-06-02"}, {"lmp": "error.maternal.lmp_ahead"}, {}),
        ({"edd": "2027-03-22"}, {}, {}),
        ({"edd": "2027-03-23"}, {"edd": "error.maternal.edd_far"}, {}),
        ({"edd": "2026-04-06"}, {}, {}),
        ({"edd": "2026-04-05"}, {}, {"edd": "maternal.odd.past"}),
        ({"lmp": "2025-06-29"}, {}, {"lmp": "maternal.odd.past"}),
        ({"edd": "2026-11-05", "lmp": BEGIN}, {}, {}),
        ({"edd": "2026-11-06", "lmp": BEGIN}, {}, {"edd": "maternal.odd.apart"}),
    ],
)
def test_a_pregnancy_has_days_that_can_be(
    fields: dict[str, str], faults: dict[str, str], odd: dict[str, str]
) -> None:
    found = typed(kinds.pregnancy(TODAY), **fields)
    assert (found.faults, found.odd) == (faults, odd)


@pytest.mark.parametrize(
    ("fields", "faults", "odd"),
    [
        ({"weight": "56.5kg", "systolic": "１１８", "diastolic": "72"}, {}, {}),
        ({"weight": "565"}, {"weight"}, set()),
        ({"weight": "130"}, {}, {"weight"}),
        ({"weight": "-3"}, {"weight"}, set()),
        ({"systolic": "118"}, {"diastolic"}, set()),
        ({"diastolic": "72"}, {"systolic"}, set()),
        ({"systolic": "85", "diastolic": "85"}, {"systolic"}, set()),
        ({"urine_protein": "plus1", "oedema": "minus", "tests": "gbs hbs"}, {}, {}),
        ({"urine_protein": "plus9"}, {"urine_protein"}, set()),
        ({"girth": "92", "fundal_height": "28.5"}, {}, {}),
        ({"fundal_height": "285"}, {"fundal_height"}, set()),
        ({"weight": "56", "on": "2025-12-31"}, {"on"}, set()),
        ({"weight": "56", "on": "2026-06-02"}, {"on"}, set()),
        ({"weight": "56", "on": BEGIN}, {}, {}),
        ({}, {"weight"}, set()),
    ],
)
def test_a_visit_is_read_generously_and_held_strictly(
    fields: dict[str, str], faults: set[str], odd: set[str]
) -> None:
    found = typed(kinds.within(kinds.VISIT, DUE), **fields)
    assert (set(found.faults), set(found.odd)) == (set(faults), set(odd))


@pytest.mark.parametrize(
    ("fields", "odd"),
    [
        ({"bpd": "80", "ac": "260", "fl": "59"}, set()),
        ({"bpd": "80", "ac": "260", "fl": "59", "weight_told": "1760"}, set()),
        ({"bpd": "80", "ac": "260", "fl": "59", "weight_told": "2300"}, {"weight_told"}),
        ({"bpd": "80", "weight_told": "2300"}, set()),
    ],
)
def test_a_weight_that_does_not_fit_its_lengths_asks_once(
    fields: dict[str, str], odd: set[str]
) -> None:
    found = typed(kinds.within(kinds.ULTRASOUND, DUE), **fields)
    assert (found.faults, set(found.odd)) == ({}, odd)


def test_lengths_in_centimetres_are_refused_not_taken_for_millimetres() -> None:
    found = typed(kinds.within(kinds.ULTRASOUND, DUE), bpd="8.0", ac="26.0", fl="5.9")
    assert set(found.faults) == {"bpd", "ac"}


@pytest.mark.parametrize(
    ("on", "babies", "faults", "odd"),
    [
        ("2026-05-28", "1", {}, {"on": "maternal.odd.early_birth"}),
        ("2026-06-05", "2", {"on": "error.own.future"}, {}),
        ("2025-12-01", "1", {"on": "error.maternal.outside"}, {}),
        ("2026-05-28", "5", {"babies": "error.own.choice"}, {}),
        ("2026-05-28", "", {"babies": "error.own.required"}, {}),
    ],
)
def test_a_birth_is_within_its_pregnancy(
    on: str, babies: str, faults: dict[str, str], odd: dict[str, str]
) -> None:
    found = typed(kinds.birth(DUE, 0), on=on, babies=babies)
    assert (found.faults, found.odd) == (faults, odd)


def test_a_birth_has_not_fewer_children_than_are_written() -> None:
    due_on = date(2026, 6, 1)
    assert typed(kinds.birth(due_on, 2), babies="1").faults == {"babies": "error.maternal.babies"}
    assert not typed(kinds.birth(due_on, 2), babies="2").faults


@pytest.mark.parametrize(
    ("number", "fault"),
    [("1", "error.maternal.number_there"), ("2", None), ("3", "error.maternal.number_more")],
)
def test_each_newborn_has_a_number_of_its_own(number: str, fault: str | None) -> None:
    found = typed(kinds.numbered(2, frozenset("1")), number=number, weight="2450")
    assert found.faults.get("number") == fault


FULL = {
    kinds.PREGNANCY: {"edd": "2026-10-12", "lmp": BEGIN, "dated_by": "ultrasound"}
    | {"height": "158.5", "weight_before": "52", "remark": "一行目\n二行目"}
    | {"babies": "2", "is_closed": "yes"},
    kinds.VISIT: {"weight": "56.5", "systolic": "118", "diastolic": "72", "girth": "92"}
    | {"fundal_height": "28.5", "oedema": "trace", "urine_protein": "minus"}
    | {"urine_glucose": "plus2", "tests": "blood_count gbs", "remark": "よく動く"},
    kinds.BLOOD: {"haemoglobin": "10.8", "glucose_0": "88", "glucose_60": "160"}
    | {"glucose_120": "140"},
    kinds.ULTRASOUND: {"bpd": "80.5", "ac": "260", "fl": "59", "fetus": "1"}
    | {"weight_told": "1760"},
    kinds.BIRTH: {"mode": "vaginal", "place": "熊本", "blood_loss": "350", "babies": "2"}
    | {"time": "03:25"},
    kinds.NEWBORN: {"number": "1", "sex": "female", "weight": "2980", "length": "49.5"}
    | {"head": "33", "chest": "32", "apgar_1": "8", "apgar_5": "9"}
    | {"is_parted": "yes"},
}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda each: each.name)
def test_what_was_typed_comes_back_from_what_was_kept(kind: Kind) -> None:
    values = {"on": "2026-05-28", **FULL[kind]}
    assert not {each.name for each in kind.fields} - set(values) - {"remark"}
    found = typed(kind, **values)
    assert not found.faults
    assert not found.odd
    resource = decoded(msgspec.json.encode(resource_of(kind, found.values, uuid4(), "b", uuid4())))
    assert {k: v for k, v in values_of(kind, resource).items() if v} == values


def test_a_newborn_is_not_told_in_the_codes_of_its_mother() -> None:
    systems = {each.code.system for each in kinds.NEWBORN.fields}
    assert systems == {"urn:tsunagu:own"}
    assert kinds.NEWBORN.is_of_somebody_else
    assert len({each.name for each in kinds.KINDS}) == len(kinds.KINDS)
    for kind in kinds.KINDS:
        assert len({each.code for each in kind.fields}) == len(kind.fields)


@pytest.mark.parametrize("name", ["newborn", "pregnancy-ultrasound"])
def test_which_child_is_said_as_a_place_in_a_row_and_older_words_are_read(name: str) -> None:
    kind = kinds.OF_NAME[name]
    field = kind.field("number" if name == "newborn" else "fetus")
    assert field is not None
    said = field.said("2")
    (coding,) = said["valueCodeableConcept"]["coding"]
    assert coding["display"] == "2人目"
    coding["display"] = "2人"
    assert field.heard(said) == "2"
