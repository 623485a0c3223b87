"""What a change opens and closes, as it is told before anyone saves it."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.consent.facts import Directive, Participation, RecordFacts, Request, Requester
from api.consent.settings import comparing
from api.consent.settings.comparing import Change, Comparison, Group
from tests.consent.scene import (
    CLINIC,
    CLINIC_SYSTEM,
    DR_SATO,
    HOSPITAL,
    JOINED,
    NETWORK,
    NOW,
    PHARMACY,
    SATO,
    allow,
    directive,
    exclude,
    hide,
    refuse,
    show,
)
from tests.records.filter_cases import RECORDS, cases, directive_of, marks, participations, rules

THE_CLINIC = structs.replace(CLINIC_SYSTEM, profession=None)
THE_PHARMACY = structs.replace(
    THE_CLINIC, facility_id=PHARMACY, facility_type="pharmacy", regions=("43", "4302")
)
THE_HOSPITAL = structs.replace(THE_CLINIC, facility_id=HOSPITAL, facility_type="hospital")
OTHERS = tuple(
    structs.replace(
        THE_CLINIC,
        facility_id=UUID(int=100 + number),
        facility_type=kind,
        regions=regions,
        facility_joined_at=joined_at,
    )
    for number, (kind, regions, joined_at) in enumerate(
        product(
            ("clinic", "pharmacy"),
            (("43", "4301"), ("43", "4302")),
            (None, NOW - timedelta(days=45), NOW - timedelta(days=2)),
        )
    )
)
FACILITIES = (THE_CLINIC, THE_PHARMACY, THE_HOSPITAL, *OTHERS)
PLACES = tuple(product(("clinic", "pharmacy"), (("43", "4301"), ("43", "4302"))))
HOLDERS = frozenset({HOSPITAL, CLINIC})
HELD = tuple(r for r in RECORDS if r.source_facility_id in HOLDERS)


def told(
    before: Directive,
    after: Directive,
    participation: Participation = JOINED,
    facilities: Sequence[Requester] = FACILITIES,
    records: Sequence[RecordFacts] = HELD,
) -> Comparison:
    change = Change(NETWORK, participation, before, after, NOW)
    seen = comparing.looks(change, facilities, [DR_SATO], HOLDERS)
    asking = comparing.movers(seen, HOLDERS)
    opened, closed = comparing.count_moved(change, asking, [Group(each, 1) for each in records])
    later = comparing.moved_later(change, PLACES)
    return structs.replace(
        comparing.compare(seen),
        records_opened=opened,
        records_closed=closed,
        later_opened=later[0],
        later_closed=later[1],
    )


NOTHING_SET = directive()


def test_letting_one_clinic_in_opens_the_clinic_and_nobody_who_joins_later():
    found = told(NOTHING_SET, directive(allow(facility_id=CLINIC)))
    assert found.facilities_opened == (CLINIC,)
    assert found.facilities_closed == found.cells_opened == found.cells_closed == ()
    # What the clinic wrote itself was open to it before.
    strange = [r for r in HELD if r.source_facility_id != CLINIC and r.sensitivity == 0]
    in_date = [
        r for r in strange if r.effective_on >= JOINED.data_from and r.category != "maternal"
    ]
    assert (found.records_opened, found.records_closed) == (len(in_date), 0)
    assert not found.later_opened


def test_a_whole_region_opens_those_who_join_later_too():
    found = told(NOTHING_SET, directive(allow(region="4302", set_at=NOW)))
    assert PHARMACY in found.facilities_opened
    assert CLINIC not in found.facilities_opened
    assert (found.later_opened, found.later_closed) == (True, False)


def test_asking_first_keeps_out_those_who_join_later():
    everyone = directive(allow(everyone=True, set_at=NOW))
    asking = structs.replace(everyone, asks_first_since=NOW)
    assert told(NOTHING_SET, everyone).later_opened
    assert not told(NOTHING_SET, asking).later_opened
    assert told(everyone, asking).later_closed


def test_a_facility_that_joined_two_days_ago_is_not_opened_before_its_notice():
    found = told(NOTHING_SET, directive(allow(everyone=True, set_at=NOW - timedelta(days=30))))
    young = {
        each.facility_id for each in OTHERS if each.facility_joined_at == NOW - timedelta(days=2)
    }
    assert len(young) == 4
    assert not young & set(found.facilities_opened)
    assert set(found.facilities_opened) | young == {each.facility_id for each in FACILITIES}


def test_a_category_turned_off_closes_its_cells_where_somebody_is_let_in():
    before = directive(allow(facility_id=CLINIC))
    after = directive(allow(facility_id=CLINIC), hide(category="lab"))
    found = told(before, after)
    assert found.cells_closed == (("physician", "lab"),)
    assert found.facilities_closed == ()
    assert found.records_closed > 0
    assert told(after, before).cells_opened == (("physician", "lab"),)


def test_a_category_turned_off_while_nobody_is_let_in_changes_nothing():
    assert told(NOTHING_SET, directive(hide(category="lab"))).is_nothing


def test_naming_a_doctor_opens_the_doctor_and_not_the_facility():
    found = told(NOTHING_SET, directive(allow(professional_id=SATO)))
    assert found.people_opened == (SATO,)
    assert found.facilities_opened == ()
    assert found.records_opened > 0


def test_blocking_a_facility_closes_even_what_it_wrote():
    found = told(NOTHING_SET, directive(exclude(facility_id=CLINIC)))
    own = [r for r in HELD if r.source_facility_id == CLINIC]
    assert (found.records_opened, found.records_closed) == (0, len(own))


def test_a_record_made_secret_is_closed_once_though_many_could_see_it():
    before = directive(allow(everyone=True))
    seen = next(
        r for r in HELD if r.sensitivity == 0 and r.category == "lab" and r.effective_on.month == 3
    )
    after = directive(allow(everyone=True), hide(record_ids=(seen.record_id,)))
    assert told(before, after).records_closed == 1


def test_a_source_opened_for_pharmacists_is_told_as_cells_and_records():
    before = directive(allow(everyone=True))
    after = directive(allow(everyone=True), show(profession="pharmacist", category="lab"))
    found = told(before, after)
    assert found.cells_opened == (("pharmacist", "lab"),)
    # Doctors of the hospital and the clinic saw them all; pharmacists newly do.
    assert found.records_opened > 0
    assert told(before, before).is_nothing


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(participations, rules, rules, marks, st.booleans())
def test_counting_by_classes_is_counting_one_by_one(participation, old, new, marked, is_wide):
    before = directive_of([*old, allow(everyone=True)] if is_wide else old, {})
    after = directive_of([*new, refuse(region="43")] if is_wide else new, marked)
    found = told(before, after, participation)
    change = Change(NETWORK, participation, before, after, NOW)
    was, will = change.policies
    asking = [
        structs.replace(each, profession=profession)
        for each in FACILITIES
        for profession in NETWORK.professions
    ]
    requests = [Request(who, "TREAT", NOW) for who in (*asking, DR_SATO)]

    def moved(one, other):
        return sum(
            any(
                one.decide(each, record).outcome == "deny"
                and other.decide(each, record).outcome == "permit"
                for each in requests
            )
            for record in HELD
        )

    assert (found.records_opened, found.records_closed) == (moved(was, will), moved(will, was))
    alone = [told(before, after, participation, [each], ()) for each in FACILITIES]
    assert set(found.facilities_opened) == {i for one in alone for i in one.facilities_opened}
    assert set(found.facilities_closed) == {i for one in alone for i in one.facilities_closed}
    assert set(found.cells_opened) == {cell for one in alone for cell in one.cells_opened}
    assert set(found.cells_closed) == {cell for one in alone for cell in one.cells_closed}


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(cases)
def test_records_the_cuts_do_not_part_get_one_decision(case):
    asking = case.request.requester.facility_id
    cuts = comparing.cuts(case.participation, [case.directive], [asking])
    outcomes: dict[object, set[str]] = {}
    for each in RECORDS:
        group = (
            each.category,
            each.source_facility_id in cuts.sources and each.source_facility_id,
            each.sensitivity,
            bisect_right(cuts.days, each.effective_on),
            each.record_id in cuts.record_ids and each.record_id,
        )
        decision = case.policy.decide(case.request, each)
        outcomes.setdefault(group, set()).add(decision.basis.step)
    assert all(len(steps) == 1 for steps in outcomes.values())


def test_records_are_told_apart_by_all_the_settings_name():
    rule = hide(record_ids=(HELD[0].record_id,))
    period = hide(source_facility_id=HOSPITAL, data_from=HELD[0].effective_on)
    cuts = comparing.cuts(JOINED, [directive(rule), directive(period)], [CLINIC])
    assert cuts.sources == (CLINIC, HOSPITAL)
    assert cuts.days == (HELD[0].effective_on, JOINED.data_from)
    assert cuts.record_ids == (HELD[0].record_id,)
