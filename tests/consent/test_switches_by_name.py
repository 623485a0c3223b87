"""Hanako names people, teams and facilities, shares once, and shuts out."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec import structs

from api.consent.facts import Directive, Team
from api.consent.settings.summary import ending, summary
from api.consent.settings.switches import (
    Command,
    Exclude,
    Extend,
    Remove,
    SetFacility,
    SetProfessional,
    SetRegion,
    SetTeam,
    Share,
    apply,
)
from tests.consent.scene import (
    CLINIC,
    CLINIC_SYSTEM,
    DR_SATO,
    HOSPITAL,
    ITO,
    JOINED,
    MORI,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    SATO,
    allow,
    ask,
    decide,
    directive,
    record,
)

REPORT = UUID(int=101)
HOME = Team(UUID(int=31), "在宅", (SATO, ITO))
WORKPLACES = {SATO: CLINIC, ITO: PHARMACY}
IN_A_YEAR = datetime(2027, 5, 31, 15, tzinfo=UTC)
IN_TEN_DAYS = NOW + timedelta(days=10)


def turn(start: Directive, *commands: Command) -> Directive:
    for command in commands:
        start = apply(start, command, NETWORK, NOW, WORKPLACES)
    return start


def step(settings_now: Directive, who=DR_SATO, what=None, **changed: object) -> str:
    found = decide(NETWORK, JOINED, settings_now, ask(who, **changed), what or record())
    return found.basis.step


def test_a_named_doctor_reads_and_colleagues_do_not() -> None:
    named = turn(Directive(), SetProfessional(SATO, on=True))
    assert step(named) == "granted"
    assert step(named, professional_id=MORI) == step(named, CLINIC_SYSTEM) == "recipient"
    assert turn(named, SetProfessional(SATO, on=False)).provisions == ()


def test_a_doctor_turned_off_stays_out_while_the_clinic_is_in() -> None:
    clinic = turn(Directive(), SetFacility(CLINIC, on=True))
    off = turn(clinic, SetProfessional(SATO, on=False))
    assert (step(off), step(off, professional_id=MORI)) == ("recipient", "granted")
    assert [row.professional_id for row in _shown(off).professionals_off] == [SATO]


def test_a_doctor_of_another_house_needs_no_deny() -> None:
    pharmacy = turn(Directive(), SetFacility(PHARMACY, on=True))
    assert turn(pharmacy, SetProfessional(SATO, on=False)) is pharmacy


def test_a_grant_ends_after_twelve_months_unless_said_otherwise() -> None:
    for command in (SetFacility(CLINIC, on=True), SetProfessional(SATO, on=True)):
        (row,) = turn(Directive(), command).provisions
        assert row.valid_to == IN_A_YEAR
        assert (
            turn(Directive(), structs.replace(command, is_endless=True)).provisions[0].valid_to
            is None
        )
        (soon,) = turn(Directive(), structs.replace(command, until=IN_TEN_DAYS)).provisions
        assert soon.valid_to == IN_TEN_DAYS


def test_a_grant_given_on_a_leap_day_ends_in_february() -> None:
    leap_day = datetime(2028, 2, 29, 3, tzinfo=UTC)
    after = apply(Directive(), SetFacility(CLINIC, on=True), NETWORK, leap_day)
    assert after.provisions[0].valid_to == datetime(2029, 2, 27, 15, tzinfo=UTC)


def test_a_higher_level_keeps_the_end_that_was_chosen() -> None:
    start = turn(Directive(), SetFacility(CLINIC, on=True, until=IN_TEN_DAYS))
    (row,) = turn(start, SetFacility(CLINIC, on=True, level=1)).provisions
    assert (row.id, row.level, row.valid_to) == (1, 1, IN_TEN_DAYS)


def test_a_code_of_a_day_becomes_a_grant_of_a_year() -> None:
    desk = directive(allow(facility_id=CLINIC, valid_to=NOW.replace(day=2), origin="desk_code"))
    (row,) = turn(desk, SetFacility(CLINIC, on=True)).provisions
    assert (row.valid_to, row.origin) == (IN_A_YEAR, "participant")


@pytest.mark.parametrize(
    "command",
    [
        SetFacility(CLINIC, on=True, until=NOW),
        SetFacility(CLINIC, on=True, until=datetime(2030, 1, 1)),  # noqa: DTZ001
        SetFacility(CLINIC, on=True, level=2),
        SetProfessional(SATO, on=True, level=-1),
        SetTeam(Team(HOME.id, "在宅", ()), on=True),
        Share(NOW, facility_id=CLINIC, category="lab"),
        Share(IN_TEN_DAYS, facility_id=CLINIC),
        Share(IN_TEN_DAYS, category="lab"),
        Share(IN_TEN_DAYS, facility_id=CLINIC, professional_id=SATO, category="lab"),
        Share(IN_TEN_DAYS, facility_id=CLINIC, record_ids=(REPORT,), category="lab"),
        Exclude(True),
        Exclude(True, professional_id=SATO, facility_id=CLINIC),
        Extend(1),
    ],
)
def test_what_could_not_be_meant_is_refused(command: Command) -> None:
    with pytest.raises(ValueError, match=r"."):
        turn(Directive(), command)


def test_a_team_sees_and_a_member_who_leaves_it_does_not() -> None:
    together = turn(Directive(), SetTeam(HOME, on=True))
    assert step(together) == step(together, PHARMACIST_ITO) == "granted"
    smaller = turn(together, SetTeam(structs.replace(HOME, professional_ids=(ITO,)), on=True))
    assert (step(smaller), step(smaller, PHARMACIST_ITO)) == ("recipient", "granted")
    assert smaller.provisions == together.provisions
    gone = turn(smaller, SetTeam(HOME, on=False))
    assert (gone.teams, gone.provisions) == ((), ())


def test_removing_the_grant_of_a_team_removes_the_team() -> None:
    together = turn(Directive(), SetFacility(CLINIC, on=True), SetTeam(HOME, on=True))
    assert turn(together, Remove(2)).teams == ()
    assert turn(together, Remove(1)).teams == (HOME,)
    assert turn(together, Remove(9)) is together


def test_an_exclusion_stands_above_every_permit_until_lifted() -> None:
    named = turn(Directive(), SetProfessional(SATO, on=True), SetRegion("43", on=True))
    shut = turn(named, Exclude(True, professional_id=SATO))
    assert step(shut) == "excluded"
    assert decide(NETWORK, JOINED, shut, ask(purpose_of_use="BTG"), record()).basis.step == (
        "excluded"
    )
    assert [row.professional_id for row in _shown(shut).exclusions] == [SATO]
    assert _shown(shut).professionals == ()
    assert step(turn(shut, Exclude(False, professional_id=SATO))) == "granted"


@pytest.mark.parametrize(
    "command",
    [
        Exclude(True, professional_id=SATO),
        Exclude(True, facility_id=CLINIC),
        SetFacility(CLINIC, on=False),
        Remove(1),
    ],
)
def test_what_a_doctor_passed_on_ends_with_the_doctor(command: Command) -> None:
    handed_on = directive(
        allow(facility_id=CLINIC),
        allow(professional_id=ITO, origin="delegation", delegated_by=SATO),
        allow(professional_id=MORI, origin="delegation", delegated_by=ITO),
        allow(facility_id=HOSPITAL),
    )
    after = turn(handed_on, command)
    assert [r.facility_id for r in after.provisions if r.kind == "permit"] in (
        [HOSPITAL],
        [CLINIC, HOSPITAL],
    )
    assert not any(rule.delegated_by for rule in after.provisions)


def test_what_a_doctor_passed_on_stays_while_something_names_the_doctor() -> None:
    handed_on = directive(
        allow(facility_id=CLINIC),
        allow(professional_id=SATO),
        allow(professional_id=ITO, origin="delegation", delegated_by=SATO),
    )
    assert len(turn(handed_on, SetFacility(CLINIC, on=False)).provisions) == 2


def test_a_share_opens_one_letter_until_its_end() -> None:
    shared = turn(
        Directive(), Share(IN_TEN_DAYS, professional_id=SATO, record_ids=(REPORT, REPORT))
    )
    letter = record(record_id=REPORT, sensitivity=1)
    assert step(shared, what=letter) == "shared"
    assert step(shared) == "recipient"
    later = turn(shared, Extend(1, NOW + timedelta(days=20)))
    assert [row.valid_to for row in _shown(later).shares] == [NOW + timedelta(days=20)]
    assert turn(later, Remove(1)).provisions == ()


def test_grants_about_to_end_are_listed_and_extended() -> None:
    start = directive(
        allow(facility_id=CLINIC, valid_to=NOW + timedelta(days=29)),
        allow(facility_id=PHARMACY, valid_to=NOW + timedelta(days=31)),
        allow(professional_id=SATO, valid_to=NOW + timedelta(days=2)),
        allow(professional_id=ITO, valid_to=NOW + timedelta(hours=3), origin="desk_code"),
        allow(facility_id=HOSPITAL),
    )
    assert [rule.id for rule in ending(start, NOW)] == [3, 1]
    after = turn(start, Extend(3))
    assert [rule.id for rule in ending(after, NOW)] == [1]
    assert after.provisions[2].valid_to == IN_A_YEAR


def test_only_grants_are_extended() -> None:
    with pytest.raises(ValueError, match="only a grant"):
        turn(turn(Directive(), SetRegion("43", on=True)), Extend(1))


def _shown(settings_now: Directive):
    return summary(settings_now, NETWORK, NOW)
