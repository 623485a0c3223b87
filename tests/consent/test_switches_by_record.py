"""Hanako hides single records and stretches of time, marks records, and rules cell by cell."""

from datetime import date
from uuid import UUID

import pytest

from api.consent.facts import Directive, Mark
from api.consent.settings.summary import summary
from api.consent.settings.switches import (
    Command,
    HidePeriod,
    HideRecords,
    MarkRecord,
    SetCategory,
    SetCell,
    SetFacility,
    SetIncomingLevel,
    SetProfession,
    apply,
)
from tests.consent.difference import difference
from tests.consent.scene import (
    CLINIC,
    HOSPITAL,
    JOINED,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    ask,
    decide,
    record,
)

REPORT, SCAN = UUID(int=101), UUID(int=102)


def turn(start: Directive, *commands: Command) -> Directive:
    for command in commands:
        start = apply(start, command, NETWORK, NOW)
    return start


OPEN = turn(Directive(), SetFacility(CLINIC, on=True), SetFacility(PHARMACY, on=True))


def step(settings_now: Directive, who=None, **of: object) -> str:
    request = ask(who) if who else ask()
    return decide(NETWORK, JOINED, settings_now, request, record(**of)).basis.step


def test_one_letter_is_hidden_and_shown_again() -> None:
    hidden = turn(OPEN, HideRecords((REPORT,), on=True))
    assert step(hidden, record_id=REPORT) == "filter"
    assert step(hidden, record_id=SCAN) == "granted"
    assert turn(hidden, HideRecords((REPORT,), on=False)).provisions == OPEN.provisions


def test_records_hidden_one_after_another_stand_in_one_row() -> None:
    hidden = turn(OPEN, HideRecords((SCAN,), on=True), HideRecords((REPORT, SCAN), on=True))
    (row,) = summary(hidden, NETWORK, NOW).hidden_records
    assert row.record_ids == (REPORT, SCAN)
    left = turn(hidden, HideRecords((SCAN,), on=False))
    assert summary(left, NETWORK, NOW).hidden_records[0].record_ids == (REPORT,)


def test_a_stay_in_hospital_is_hidden_by_its_dates() -> None:
    stay = HidePeriod(
        True,
        source_facility_id=HOSPITAL,
        data_from=date(2026, 2, 1),
        data_to=date(2026, 2, 11),
    )
    hidden = turn(OPEN, stay)
    assert step(hidden, effective_on=date(2026, 2, 10)) == "filter"
    assert step(hidden, effective_on=date(2026, 2, 11)) == "granted"
    assert len(summary(hidden, NETWORK, NOW).hidden_periods) == 1


@pytest.mark.parametrize(
    "command",
    [
        HidePeriod(True, category="lab"),
        HidePeriod(True, data_from=date(2026, 2, 2), data_to=date(2026, 2, 2)),
        HideRecords((), on=True),
        SetCell("deny"),
        SetCell("deny", facility_id=CLINIC),
        SetCell("deny", category="lab", facility_id=CLINIC, professional_id=REPORT),
        MarkRecord(REPORT, 3),
        SetIncomingLevel(-1),
    ],
)
def test_what_could_not_be_meant_is_refused(command: Command) -> None:
    with pytest.raises(ValueError, match=r"."):
        turn(OPEN, command)


def test_a_record_marked_by_hanako_needs_a_higher_grant() -> None:
    marked = turn(OPEN, MarkRecord(REPORT, 1))
    assert step(marked, record_id=REPORT) == "sensitivity"
    trusted = turn(marked, SetFacility(CLINIC, on=True, level=1))
    assert step(trusted, record_id=REPORT) == "granted"
    assert turn(marked, MarkRecord(REPORT, 2)).marks == (Mark(REPORT, 2),)
    assert turn(marked, MarkRecord(REPORT, None)).marks == ()
    assert difference(OPEN, marked).changed == ("marks",)


def test_records_to_come_get_the_level_hanako_chose() -> None:
    careful = turn(OPEN, SetIncomingLevel(1))
    assert (careful.incoming_level, careful.version) == (1, OPEN.version + 1)
    assert difference(OPEN, careful).changed == ("incoming_level",)


def test_lab_results_for_doctors_alone() -> None:
    start = turn(OPEN, SetCategory("lab", on=False))
    doctors = turn(start, SetCell("permit", profession="physician", category="lab"))
    assert step(doctors, category="lab") == "granted"
    assert step(doctors, PHARMACIST_ITO, category="lab") == "filter"
    (cell,) = summary(doctors, NETWORK, NOW).cells
    assert (cell.profession, cell.category) == ("physician", "lab")
    again = turn(doctors, SetCell("none", profession="physician", category="lab"))
    assert again.provisions == start.provisions


def test_what_the_hospital_wrote_for_one_clinic_alone() -> None:
    start = turn(OPEN, SetCell("deny", source_facility_id=HOSPITAL))
    shown = turn(start, SetCell("permit", source_facility_id=HOSPITAL, facility_id=CLINIC))
    assert step(shown) == "granted"
    assert step(shown, PHARMACIST_ITO) == "filter"


def test_a_cell_changes_its_mind_in_one_row() -> None:
    deny = turn(OPEN, SetCell("deny", profession="physician", category="lab"))
    permit = turn(deny, SetCell("permit", profession="physician", category="lab"))
    assert [rule.id for rule in permit.provisions] == [rule.id for rule in deny.provisions]


def test_a_cell_of_one_name_is_the_switch() -> None:
    for cell, switch in (
        (SetCell("deny", profession="physician"), SetProfession("physician", on=False)),
        (SetCell("deny", category="lab"), SetCategory("lab", on=False)),
    ):
        assert turn(OPEN, cell) == turn(OPEN, switch)
