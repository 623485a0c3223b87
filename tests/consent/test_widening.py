"""What only closes never asks who is there; what may open always does."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.consent.decide import compile_policy
from api.consent.facts import Directive, Mark, Residence, Team
from api.consent.settings import widening
from tests.consent.laws import EXAMPLES
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    DAY,
    HOME_AREA,
    JOINED,
    MORI,
    NETWORK,
    NOW,
    SATO,
    TEAM,
    ULCER,
    allow,
    directive,
    exclude,
    hide,
    refuse,
    share,
    show,
)
from tests.records.filter_cases import (
    RECORDS,
    directive_of,
    marks,
    participations,
    requests,
    rules,
)

NOTHING = directive()
OPEN = directive(allow(facility_id=CLINIC, level=1))
OPENING = {
    "a clinic": (NOTHING, OPEN),
    "a share": (NOTHING, directive(share(facility_id=CLINIC, record_ids=(ULCER,)))),
    "a kind shown": (NOTHING, directive(show(profession="clerk", category="lab"))),
    "a block lifted": (directive(exclude(facility_id=CLINIC)), NOTHING),
    "a kind no longer hidden": (directive(hide(category="lab")), NOTHING),
    "a refusal lifted": (directive(refuse(facility_id=CLINIC)), NOTHING),
    "a higher level": (OPEN, directive(allow(facility_id=CLINIC, level=2))),
    "no end": (directive(allow(facility_id=CLINIC, valid_to=NOW + DAY)), OPEN),
    "a later end": (
        directive(allow(facility_id=CLINIC, valid_to=NOW + DAY)),
        directive(allow(facility_id=CLINIC, valid_to=NOW + 2 * DAY)),
    ),
    "one more in the team": (
        NOTHING,
        structs.replace(NOTHING, teams=(Team(TEAM, "Team", (MORI, SATO)),)),
    ),
    "a mark taken off": (structs.replace(NOTHING, marks=(Mark(ULCER, 2),)), NOTHING),
    "a mark lowered": (
        structs.replace(NOTHING, marks=(Mark(ULCER, 2),)),
        structs.replace(NOTHING, marks=(Mark(ULCER, 1),)),
    ),
    "new records less delicate": (structs.replace(NOTHING, incoming_level=1), NOTHING),
    "later facilities unasked": (structs.replace(NOTHING, asks_first_since=NOW), NOTHING),
}
CLOSING = {
    "nothing": (OPEN, OPEN),
    "the clinic out": (OPEN, NOTHING),
    "the clinic refused": (OPEN, directive(refuse(facility_id=CLINIC))),
    "a block": (OPEN, directive(allow(facility_id=CLINIC, level=1), exclude(professional_id=SATO))),
    "a kind hidden": (OPEN, directive(allow(facility_id=CLINIC, level=1), hide(category="lab"))),
    "a lower level": (OPEN, directive(allow(facility_id=CLINIC))),
    "an end": (OPEN, directive(allow(facility_id=CLINIC, level=1, valid_to=NOW + DAY))),
    "another row of the same": (
        OPEN,
        structs.replace(
            OPEN,
            provisions=(structs.replace(OPEN.provisions[0], id=7, origin="request"),),
        ),
    ),
    "one less in the team": (NOTHING, structs.replace(NOTHING, teams=(Team(TEAM, "Team", ()),))),
    "a secret mark": (NOTHING, structs.replace(NOTHING, marks=(Mark(ULCER, 2),))),
    "new records more delicate": (NOTHING, structs.replace(NOTHING, incoming_level=1)),
    "a source refused": (NOTHING, structs.replace(NOTHING, refused_sources=(CLINIC,))),
    "a source taken again": (structs.replace(NOTHING, refused_sources=(CLINIC,)), NOTHING),
    "later facilities asked": (NOTHING, structs.replace(NOTHING, asks_first_since=NOW)),
    "a hiding that was over swept": (directive(hide(category="lab", valid_to=NOW)), NOTHING),
}


@pytest.mark.parametrize("case", OPENING)
def test_it_opens(case: str):
    assert widening.opens(*OPENING[case], NOW)


@pytest.mark.parametrize("case", CLOSING)
def test_it_only_closes(case: str):
    assert not widening.opens(*CLOSING[case], NOW)


ENDS = (None, NOW + timedelta(hours=1), NOW + 2 * DAY)
LATER = (timedelta(0), timedelta(hours=2), 3 * DAY)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(
    st.sampled_from((NETWORK, BLANKET, HOME_AREA)),
    participations,
    rules,
    rules,
    marks,
    requests,
    st.data(),
)
def test_what_is_not_asked_about_opens_nothing_now_or_later(
    network, participation, had, more, marked, request, data
):
    """Rows dropped, added and cut short; where it is no opening, whoever was refused still is."""
    kept = [
        rule
        for rule in had
        if data.draw(st.sampled_from((True, True, True, rule.kind != "permit")))
    ]
    cut = [
        structs.replace(rule, valid_to=end)
        if (end := data.draw(st.sampled_from(ENDS))) and _fits(rule, end)
        else rule
        for rule in kept
    ]
    added = [rule for rule in more if rule.kind != "permit" or data.draw(st.booleans())]
    before = directive_of(had, marked)
    after = directive_of(cut + added, {**marked, ULCER: 2})
    if widening.opens(before, after, NOW):
        after = directive_of(
            [rule for rule in had if rule.kind != "permit"]
            + [rule for rule in cut if rule.kind == "permit"]
            + [rule for rule in added if rule.kind != "permit"],
            marked,
        )
    if widening.opens(before, after, NOW):
        return
    was, will = (compile_policy(network, participation, each) for each in (before, after))
    for later in LATER:
        asked = structs.replace(request, now=NOW + later)
        for record in RECORDS[::5]:
            if will.decide(asked, record).outcome == "permit":
                assert was.decide(asked, record).outcome == "permit"


def _fits(rule, end) -> bool:
    return rule.kind == "permit" and (rule.valid_from is None or rule.valid_from < end)


def test_coming_back_and_showing_earlier_records_open():
    more = widening.takes_part_more
    gone = structs.replace(JOINED, state="withdrawn")
    lapsed = structs.replace(JOINED, ends_at=NOW)
    since = JOINED.data_from
    assert more(gone, "participating", since, NOW)
    assert more(lapsed, "participating", since, NOW)
    assert more(JOINED, "participating", None, NOW)
    assert more(JOINED, "participating", date(2025, 1, 1), NOW)
    assert not more(JOINED, "participating", since, NOW)
    assert not more(JOINED, "participating", date(2026, 2, 1), NOW)
    assert not more(JOINED, "withdrawn", None, NOW)
    assert not more(gone, "refused", None, NOW)
    assert not more(structs.replace(JOINED, data_from=None), "participating", since, NOW)


def test_a_place_lived_in_opens_only_where_places_count():
    aso, kuma = Residence("4301"), Residence("4302")
    by_place = directive(allow(lived="now"))
    moves = widening.moves_somewhere
    assert moves((), (aso,), by_place, NETWORK)
    assert moves((aso,), (aso, kuma), Directive(), HOME_AREA)
    assert not moves((), (aso,), Directive(), NETWORK)
    assert not moves((aso, kuma), (aso,), by_place, HOME_AREA)
