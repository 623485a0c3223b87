"""A dose as FHIR: of a child with a focus and codes of ours, of oneself an Immunization."""

from datetime import date, time
from uuid import UUID, uuid4

import pytest

from api.phr.entries.kinds import resource_of, values_of
from api.phr.entries.typed import read
from api.phr.immunization.engine import Person
from api.phr.immunization.judging import judged
from api.phr.immunization.kinds import ANOTHER, OF_CHILD, OWN, vaccine_of
from api.phr.immunization.vaccines import BY_CODE, VACCINES
from tests.phr.immunization.planned import day, doses

SUBJECT, ENTRY = uuid4(), UUID(int=7)
FULL = {
    "vaccine": "mr",
    "lot": "Y333",
    "maker": "武田",
    "site": "left-arm",
    "given_at": "みなと小児科",
    "remark": "熱は出なかった。\n少し泣いた。",
    "on": "2026-06-01",
}
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize("kind", [OF_CHILD, OWN])
@pytest.mark.parametrize("site", ["left-arm", "right-arm", "left-thigh", "right-thigh", "by-mouth"])
@pytest.mark.parametrize("named", ["", "テスト"])
def test_what_was_typed_comes_back_as_it_was(kind, site: str, named: str) -> None:
    values = {**FULL, "site": site} | ({"named": named} if named else {})
    resource = resource_of(kind, values, ENTRY, "b" if kind is OF_CHILD else "", SUBJECT)
    assert {k: v for k, v in values_of(kind, resource).items() if v} == values


@pytest.mark.parametrize("vaccine", VACCINES)
def test_every_vaccine_comes_back_from_an_immunization(vaccine) -> None:
    values = {"vaccine": vaccine.code, "on": "2026-06-01"}
    if vaccine.code == ANOTHER:
        values["named"] = "黄熱"
    resource = resource_of(OWN, values, ENTRY, "", SUBJECT)
    assert values_of(OWN, resource) == values
    codes = {each["system"]: each["code"] for each in resource["vaccineCode"].get("coding", ())}
    if vaccine.code == ANOTHER:
        # What somebody typed is no code: it is sealed as words.
        assert resource["vaccineCode"] == {"text": "黄熱"}
    else:
        assert codes == {
            "http://hl7.org/fhir/sid/cvx": vaccine.cvx,
            "urn:tsunagu:own:vaccine": vaccine.code,
        }
        assert resource["vaccineCode"]["text"] == vaccine.name


def test_ones_own_dose_is_an_immunization_of_the_participant() -> None:
    resource = resource_of(OWN, FULL, ENTRY, "", SUBJECT)
    assert resource["resourceType"] == "Immunization"
    assert resource["status"] == "completed"
    assert resource["patient"] == {"reference": f"Patient/{SUBJECT}"}
    assert resource["occurrenceDateTime"] == "2026-06-01"
    assert resource["primarySource"] is False
    assert resource["lotNumber"] == "Y333"
    assert resource["site"]["coding"][0]["code"] == "LA"
    assert resource["note"] == [{"text": FULL["remark"]}]


def test_a_childs_dose_is_an_observation_about_somebody_else_without_codes_of_others() -> None:
    resource = resource_of(OF_CHILD, FULL, ENTRY, "book", SUBJECT)
    assert resource["resourceType"] == "Observation"
    assert resource["focus"][0]["identifier"]["value"] == "book"
    assert "cvx" not in str(resource)
    assert OF_CHILD.title == "子の予防接種"
    assert OWN.title == "予防接種"


def test_what_another_place_wrote_otherwise_is_read_as_far_as_it_goes() -> None:
    resource = resource_of(OWN, FULL, ENTRY, "", SUBJECT)
    resource["vaccineCode"]["coding"][1]["code"] = "of-tomorrow"
    assert vaccine_of(values_of(OWN, resource)) == ANOTHER
    assert vaccine_of(values_of(OWN, {"resourceType": "Immunization"})) == ANOTHER
    assert vaccine_of({}) == ANOTHER
    assert vaccine_of(FULL) == "mr"


CHILD = Person(day("2026-05-15"), "female")


def typed(values: dict[str, str], *others: str, person: Person = CHILD):
    written = [each._replace(of="entry") for each in doses(*others)]
    kind = judged(OF_CHILD, person, written, TODAY)
    return read(kind, values, TODAY, time(12))


@pytest.mark.parametrize(
    ("values", "others", "faults"),
    [
        ({"vaccine": "bcg", "on": "2026-05-14"}, (), {"on": "error.vaccine.before_birth"}),
        ({"vaccine": "bcg", "on": "2026-12-01"}, (), {"on": "error.own.future"}),
        ({"vaccine": "bcg", "on": "2026-13-01"}, (), {"on": "error.own.day"}),
        ({"vaccine": "bcg", "on": ""}, (), {"on": "error.own.required"}),
        ({"vaccine": "", "on": "2026-11-01"}, (), {"vaccine": "error.own.required"}),
        ({"vaccine": "plague", "on": "2026-11-01"}, (), {"vaccine": "error.own.choice"}),
        ({"vaccine": "another", "on": "2026-11-01"}, (), {"named": "error.vaccine.named"}),
        (
            {"vaccine": "hbv", "on": "2026-07-15"},
            ("hbv 2026-07-15",),
            {"on": "error.vaccine.twice"},
        ),
        (
            {"vaccine": "bcg", "on": "2026-10-20", "remark": "123456789018"},
            (),
            {"remark": "error.entry.my_number"},
        ),
        (
            {"vaccine": "bcg", "on": "2026-10-20", "lot": "x" * 41},
            (),
            {"lot": "error.own.too_long"},
        ),
    ],
)
def test_what_cannot_be_is_refused(values, others, faults) -> None:
    assert typed(values, *others).faults == faults


@pytest.mark.parametrize(
    ("values", "others", "odd"),
    [
        ({"vaccine": "bcg", "on": "2026-10-20"}, (), ""),
        ({"vaccine": "dpt-ipv-hib", "on": "2026-07-13"}, (), "vaccine.odd.too_young"),
        ({"vaccine": "rota1", "on": "2026-11-10"}, (), "vaccine.odd.too_late"),
        ({"vaccine": "hbv", "on": "2026-08-11"}, ("hbv 2026-07-15",), "vaccine.odd.too_soon"),
        ({"vaccine": "hbv", "on": "2026-08-12"}, ("hbv 2026-07-15",), ""),
        # Written down out of order, it is the later one that does not count then.
        ({"vaccine": "hbv", "on": "2026-07-15"}, ("hbv 2026-08-11",), "vaccine.odd.too_soon"),
        ({"vaccine": "bcg", "on": "2026-11-20"}, ("bcg 2026-10-20",), "vaccine.odd.too_many"),
        ({"vaccine": "bcg", "on": "2026-10-20"}, ("mumps 2026-10-10",), "vaccine.odd.live"),
        ({"vaccine": "rota5", "on": "2026-08-12"}, ("rota1 2026-07-15",), "vaccine.odd.mixed"),
        ({"vaccine": "influenza", "on": "2026-11-20"}, ("influenza 2026-11-01",), ""),
    ],
)
def test_what_is_odd_is_asked_about_once(values, others, odd: str) -> None:
    found = typed(values, *others)
    assert found.faults == {}
    assert found.odd == ({"on": odd} if odd else {})
    assert bool(found.sure) == bool(odd)


def test_what_a_facility_recorded_may_be_written_down_too() -> None:
    kind = judged(OF_CHILD, CHILD, doses("hbv 2026-07-15"), TODAY)
    found = read(kind, {"vaccine": "hbv", "on": "2026-07-15"}, TODAY, time(12))
    assert (found.faults, found.odd) == ({}, {})


def test_two_other_vaccines_may_be_of_one_day() -> None:
    values = {"vaccine": "another", "named": "黄熱", "on": "2026-11-01"}
    assert typed(values, "another 2026-11-01").faults == {}


def test_an_adult_is_asked_nothing_about_the_days_of_children() -> None:
    adult = Person(day("1960-01-01"), "female")
    assert typed({"vaccine": "mr", "on": "2019-08-01"}, person=adult).odd == {}
    child = typed({"vaccine": "mr", "on": "1979-12-01"}, person=adult)
    assert child.odd == {"on": "vaccine.odd.too_late"}
    assert BY_CODE["mr"].is_live
