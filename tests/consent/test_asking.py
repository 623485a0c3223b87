"""What others bring into a directive: how it stands beside the rest, and how it ends."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from api.consent.agreeing import asking
from api.consent.agreeing.revoked import named, shut_out
from api.consent.decide import compile_policy
from api.consent.facts import (
    RESTRICTED,
    TREATMENT,
    Directive,
    NetworkRules,
    Participation,
    Provision,
    Request,
    Requester,
    Team,
)
from api.identity.throttle import ASKING, DESK_CODES, ThrottleKind

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
DAY = timedelta(days=1)
CLINIC, HOSPITAL, PHARMACY = (UUID(int=n) for n in (1, 2, 3))
SATO, MORI, ITO = (UUID(int=n) for n in (11, 12, 13))
NETWORK = NetworkRules(
    "demo",
    1,
    ("basic", "lab", "prescription"),
    {
        "physician": frozenset({"basic", "lab", "prescription"}),
        "pharmacist": frozenset({"basic", "prescription"}),
    },
    frozenset({TREATMENT, "HRESCH"}),
)
TAKING_PART = Participation("participating")


def doctor(person: UUID = SATO, at: UUID = CLINIC, profession: str = "physician") -> Requester:
    return Requester(
        kind="professional",
        facility_id=at,
        professional_id=person,
        profession=profession,
        facility_is_active=True,
        professional_is_active=True,
        is_trained=True,
    )


def asks(who: Requester, now: datetime = NOW, purpose: str = TREATMENT) -> Request:
    return Request(who, purpose, now)


def row(number: int, kind: str = "permit", **more: Any) -> Provision:
    return Provision(number, kind, more.pop("axis", "recipient"), **more)  # type: ignore[arg-type]


def code(until: datetime = NOW + DAY, **more: Any) -> Provision:
    return row(0, facility_id=CLINIC, valid_to=until, origin="desk_code", **more)


def with_rows(*rows: Provision, **more: Any) -> Directive:
    return Directive(3, rows, **more)


def is_in(directive: Directive, who: Requester, now: datetime, purpose: str = TREATMENT) -> bool:
    policy = compile_policy(NETWORK, TAKING_PART, directive)
    return policy.scope(asks(who, now, purpose)).outcome == "permit"


def test_a_deny_waits_while_the_code_lets_in_and_is_back_afterwards():
    before = with_rows(row(1, everyone=True), row(2, "deny", facility_id=CLINIC))
    after = asking.opened(before, code(), NETWORK, lifts_denies=True)
    assert not is_in(before, doctor(), NOW)
    assert is_in(after, doctor(), NOW)
    assert not is_in(after, doctor(), NOW + DAY), "an expiring permit never opens anything"


def test_for_other_purposes_the_deny_stands_throughout():
    before = with_rows(
        row(1, everyone=True, purposes=("HRESCH",)), row(2, "deny", facility_id=CLINIC)
    )
    after = asking.opened(before, code(), NETWORK, lifts_denies=True)
    for moment in (NOW, NOW + DAY, NOW + 2 * DAY):
        assert not is_in(after, doctor(), moment, "HRESCH")


def test_a_deny_that_ends_before_the_permit_need_not_come_back():
    before = with_rows(row(1, "deny", facility_id=CLINIC, valid_to=NOW + DAY / 2))
    after = asking.opened(before, code(), NETWORK, lifts_denies=True)
    assert [r.kind for r in after.provisions if not r.purposes] == ["permit"]


def test_a_deny_that_begins_later_is_left_alone():
    later = row(1, "deny", facility_id=CLINIC, valid_from=NOW + 3 * DAY)
    after = asking.opened(with_rows(later), code(), NETWORK, lifts_denies=True)
    assert later in after.provisions


def test_what_a_professional_passes_on_lifts_no_deny():
    before = with_rows(row(1, everyone=True), row(2, "deny", professional_id=MORI))
    passed = row(
        0, professional_id=MORI, valid_to=NOW + DAY, origin="delegation", delegated_by=SATO
    )
    after = asking.opened(before, passed, NETWORK, lifts_denies=False)
    assert not is_in(after, doctor(MORI, HOSPITAL), NOW)


def test_an_exclusion_is_absolute():
    before = with_rows(row(1, "exclusion", facility_id=CLINIC))
    assert not is_in(asking.opened(before, code(), NETWORK, lifts_denies=True), doctor(), NOW)


def test_a_second_code_takes_the_place_of_the_first_and_other_rows_stay():
    own = row(1, facility_id=CLINIC, level=RESTRICTED)
    once = asking.opened(with_rows(own), code(), NETWORK, lifts_denies=True)
    twice = asking.opened(once, code(NOW + 2 * DAY), NETWORK, lifts_denies=True)
    assert own in twice.provisions
    assert [r.valid_to for r in asking.agreed(twice)] == [NOW + 2 * DAY]
    assert len({r.id for r in twice.provisions}) == 2


def test_what_others_bring_in_has_an_end():
    endless = row(0, facility_id=CLINIC, origin="desk_code")
    with pytest.raises(ValueError, match="has an end"):
        asking.opened(with_rows(), endless, NETWORK, lifts_denies=True)


def test_ended_early_the_deny_is_back_at_once():
    before = with_rows(row(1, everyone=True), row(2, "deny", facility_id=CLINIC))
    opened = asking.opened(before, code(), NETWORK, lifts_denies=True)
    (permit,) = asking.agreed(opened)
    after = asking.ended(opened, permit.id, NOW, {})
    assert not is_in(after, doctor(), NOW)
    assert asking.agreed(after) == ()


def test_a_row_of_the_participants_own_does_not_end_here():
    before = with_rows(row(1, facility_id=CLINIC))
    assert asking.ended(before, 1, NOW, {}) is before
    assert asking.ended(before, 9, NOW, {}) is before


def test_with_the_grant_ends_what_was_passed_on():
    opened = asking.opened(with_rows(), code(), NETWORK, lifts_denies=True)
    passed = row(
        0, professional_id=MORI, valid_to=NOW + DAY, origin="delegation", delegated_by=SATO
    )
    opened = asking.opened(opened, passed, NETWORK, lifts_denies=False)
    (permit, _) = asking.agreed(opened)
    assert asking.ended(opened, permit.id, NOW, {SATO: CLINIC}).provisions == ()


@pytest.mark.parametrize(
    ("own", "is_own"),
    [
        (row(1, professional_id=SATO), True),
        (row(1, facility_id=CLINIC), True),
        (row(1, team_id=UUID(int=99)), True),
        (row(1, facility_id=HOSPITAL), False),
        (row(1, professional_id=MORI), False),
        (row(1, everyone=True), False),
        (row(1, region="aso"), False),
        (row(1, "deny", facility_id=CLINIC), False),
        (row(1, facility_id=CLINIC, valid_to=NOW), False),
        (row(1, facility_id=CLINIC, purposes=("HRESCH",)), False),
        (row(1, axis="share", facility_id=CLINIC, category="lab", valid_to=NOW + DAY), False),
        (
            row(
                1,
                professional_id=SATO,
                valid_to=NOW + DAY,
                origin="delegation",
                delegated_by=MORI,
            ),
            False,
        ),
    ],
)
def test_only_access_given_by_name_is_ones_own_to_pass_on(own: Provision, is_own: bool):
    directive = with_rows(own, teams=(Team(UUID(int=99), "在宅", (SATO, ITO)),))
    assert (asking.own_grant(directive, asks(doctor()), 0) is not None) == is_own


def test_of_several_own_grants_the_one_that_lasts_longest_and_reaches_the_level():
    short = row(1, professional_id=SATO, level=RESTRICTED, valid_to=NOW + DAY)
    endless = row(2, facility_id=CLINIC)
    directive = with_rows(short, endless)
    assert asking.own_grant(directive, asks(doctor()), 0) == endless
    assert asking.own_grant(directive, asks(doctor()), RESTRICTED) == short


@pytest.mark.parametrize(
    ("grant_ends", "wanted", "ends"),
    [(None, 7, 7), (None, 90, 30), (3, 7, 3), (60, 90, 30), (30, 30, 30)],
)
def test_what_is_passed_on_ends_within_thirty_days_and_with_the_grant(
    grant_ends: int | None, wanted: int, ends: int
):
    until = None if grant_ends is None else NOW + grant_ends * DAY
    grant = row(1, facility_id=CLINIC, valid_to=until)
    assert asking.delegation_ends(grant, NOW, wanted * DAY) == NOW + ends * DAY


HIDES_FROM_SATO = row(2, "deny", axis="filter", record_ids=(UUID(int=7),), professional_id=SATO)
HIDES_LAB_OF_HOSPITAL = row(
    2, "deny", axis="filter", category="lab", source_facility_id=HOSPITAL, professional_id=SATO
)
NO_LAB = row(3, "deny", axis="filter", category="lab")
BUT_OF_HOSPITAL = row(
    4, axis="filter", category="lab", source_facility_id=HOSPITAL, profession="physician"
)


@pytest.mark.parametrize(
    ("rules", "giver", "receiver", "is_bounded"),
    [
        ((), doctor(), doctor(MORI, HOSPITAL), True),
        ((), doctor(), doctor(ITO, PHARMACY, "pharmacist"), True),
        ((), doctor(ITO, PHARMACY, "pharmacist"), doctor(MORI, HOSPITAL), False),
        ((HIDES_FROM_SATO,), doctor(), doctor(MORI, HOSPITAL), False),
        ((HIDES_FROM_SATO,), doctor(MORI, HOSPITAL), doctor(), True),
        ((HIDES_LAB_OF_HOSPITAL,), doctor(), doctor(MORI), False),
        ((HIDES_LAB_OF_HOSPITAL,), doctor(MORI), doctor(), True),
        ((NO_LAB, BUT_OF_HOSPITAL), doctor(), doctor(MORI), True),
        ((NO_LAB, BUT_OF_HOSPITAL), doctor(ITO, PHARMACY, "pharmacist"), doctor(), False),
    ],
)
def test_whoever_receives_sees_nothing_the_giver_does_not(
    rules: tuple[Provision, ...], giver: Requester, receiver: Requester, is_bounded: bool
):
    rows = [row(1, everyone=True), *rules]
    policy = compile_policy(NETWORK, TAKING_PART, with_rows(*rows))
    inner, outer = policy.scope(asks(receiver)), policy.scope(asks(giver))
    assert asking.is_within(inner, outer) == is_bounded
    assert asking.is_within(inner, inner)
    raised = structs.replace(inner, level=RESTRICTED)
    assert not asking.is_within(raised, outer)


def change(before: Directive, after: Directive, *who: Requester) -> list[Requester]:
    old, new = (compile_policy(NETWORK, TAKING_PART, each) for each in (before, after))
    return shut_out(old, new, who, NOW)


def test_shut_out_are_those_who_were_let_in_and_no_longer_are():
    person, facility = row(1, professional_id=SATO), row(2, facility_id=CLINIC)
    both = with_rows(person, facility)
    assert change(both, with_rows(facility), doctor()) == []
    assert change(both, with_rows(), doctor()) == [doctor()]
    assert change(with_rows(), both, doctor()) == []
    excluded = with_rows(person, facility, row(3, "exclusion", professional_id=SATO))
    assert change(both, excluded, doctor(), doctor(MORI)) == [doctor()]
    over = with_rows(row(1, professional_id=SATO, valid_to=NOW))
    assert change(over, with_rows(), doctor()) == [], "it had run out already"


def test_named_are_facilities_people_and_care_teams_but_not_who_is_filtered():
    team = Team(UUID(int=99), "在宅", (ITO,))
    directive = with_rows(
        row(1, facility_id=CLINIC),
        row(2, "exclusion", professional_id=MORI),
        row(3, "deny", axis="filter", category="lab", facility_id=HOSPITAL),
        row(4, team_id=team.id),
        teams=(team,),
    )
    assert named(with_rows(), directive) == ({CLINIC}, {MORI, ITO})


def test_a_year_of_guessing_by_one_professional_is_bounded():
    live, codes = 200, 10**8
    tries = DESK_CODES[ThrottleKind.DESK_PROFESSIONAL].most_tries_in(timedelta(days=365))
    assert tries * live / codes < 0.22
    within_a_life = DESK_CODES[ThrottleKind.DESK_EVERYONE].most_tries_in(asking.DESK_CODE_LIVES)
    assert within_a_life * live / codes < 1e-3


def test_no_bucket_is_forgotten_before_it_is_empty():
    """Buckets untouched for an hour are swept."""
    for policy in (*DESK_CODES.values(), *ASKING.values()):
        assert policy.burst * policy.refill <= timedelta(hours=1)
