"""Random networks, settings and requests about one pool of records that holds every kind."""

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from msgspec import structs

from api.consent.decide import Policy, compile_policy
from api.consent.facts import (
    Directive,
    EmergencyReach,
    Mark,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Team,
)
from tests.consent.laws import (
    OUTSIDERS,
    PERIODS,
    PLACES,
    REQUESTERS,
    SET_AT,
    SIEVES,
    TARGETS,
    WHEN_JOINED,
)
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    HOME_AREA,
    HOSPITAL,
    ITO,
    MORI,
    NETWORK,
    NOW,
    PHARMACY,
    SATO,
    TEAM,
    allow,
    exclude,
    hide,
    refuse,
    show,
)

DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 1))
RECORDS = tuple(
    RecordFacts(category, date(2026, 5, 1), day, source, sensitivity, UUID(int=1000 + number))
    for number, (category, day, source, sensitivity) in enumerate(
        product(
            ("prescription", "lab", "care", "maternal"),
            DAYS,
            (HOSPITAL, CLINIC, PHARMACY),
            (0, 1, 2),
        )
    )
)
IDS = tuple(record.record_id for record in RECORDS if record.record_id is not None)

some_ids = st.lists(st.sampled_from(IDS), min_size=1, max_size=40, unique=True).map(tuple)
periods = st.sampled_from(((None, None),) * 4 + PERIODS)
bound_for = st.sampled_from(
    ({}, {}, {}, {"facility_id": CLINIC}, {"professional_id": SATO}, {"facility_id": PHARMACY})
)
NARROW = structs.replace(BLANKET, matrix={**NETWORK.matrix, "physician": frozenset({"care"})})


def _recipient(
    named: dict[str, Any], is_open: bool, level: int, set_at: datetime | None
) -> Provision:
    if not is_open:
        return refuse(**named)
    has_level = any(each in named for each in ("professional_id", "facility_id", "team_id"))
    return allow(**named, **({"level": level} if has_level else {"set_at": set_at}))


def _in(rule: Provision, period: tuple[datetime | None, datetime | None]) -> Provision:
    return structs.replace(rule, valid_from=period[0], valid_to=period[1])


recipients = st.builds(
    _recipient,
    st.sampled_from(TARGETS),
    st.sampled_from((True, True, True, False)),
    st.sampled_from((0, 1, 2)),
    st.sampled_from(SET_AT),
)
sieves = st.builds(
    lambda build, named, bound: build(**named, **bound),
    st.sampled_from((show, hide)),
    st.sampled_from(SIEVES),
    bound_for,
)
hidden = st.one_of(
    st.builds(lambda ids, bound: hide(record_ids=ids, **bound), some_ids, bound_for),
    st.builds(
        lambda days, source, category, bound: hide(
            data_from=days[0],
            data_to=days[1],
            source_facility_id=source,
            category=category,
            **bound,
        ),
        st.sampled_from(((DAYS[0], DAYS[1]), (DAYS[1], None), (None, DAYS[2]))),
        st.sampled_from((None, HOSPITAL, CLINIC)),
        st.sampled_from((None, "lab", "care")),
        bound_for,
    ),
)
shares = st.builds(
    lambda of, whom, until: Provision(0, "permit", "share", **of, **whom, valid_to=until),
    st.one_of(
        some_ids.map(lambda ids: {"record_ids": ids}),
        st.sampled_from(("prescription", "lab", "maternal")).map(lambda code: {"category": code}),
    ),
    st.sampled_from(({"facility_id": CLINIC}, {"professional_id": SATO})),
    st.sampled_from((NOW + timedelta(days=1), NOW + timedelta(days=1), NOW)),
)
exclusions = st.sampled_from((exclude(facility_id=CLINIC), exclude(professional_id=ITO)))
rules = st.tuples(
    st.lists(st.builds(_in, recipients, periods), max_size=4),
    st.lists(st.builds(_in, sieves, periods), max_size=4),
    st.lists(hidden, max_size=2),
    st.lists(shares, max_size=2),
    st.one_of(st.just([]), st.just([]), st.just([]), st.lists(exclusions, max_size=1)),
).map(lambda parts: [rule for part in parts for rule in part])
marks = st.one_of(
    st.just({}),
    st.tuples(st.lists(st.sampled_from(IDS), min_size=20, max_size=60), st.integers(0, 2)).map(
        lambda drawn: {each: (n + drawn[1]) % 3 for n, each in enumerate(drawn[0])}
    ),
)


def directive_of(
    rules: list[Provision], marks: dict[UUID, int], asks_first_since: datetime | None = None
) -> Directive:
    return Directive(
        3,
        tuple(structs.replace(rule, id=number) for number, rule in enumerate(rules, 1)),
        teams=(Team(TEAM, "Team", (MORI,)),),
        marks=tuple(Mark(record_id, level) for record_id, level in marks.items()),
        asks_first_since=asks_first_since,
    )


class Case(NamedTuple):
    network: NetworkRules
    participation: Participation
    directive: Directive
    request: Request

    @property
    def policy(self) -> Policy:
        return compile_policy(self.network, self.participation, self.directive)


participations = st.builds(
    lambda state, data_from, ends_at, residences: Participation(
        state,
        data_from,
        joined_at=NOW - timedelta(days=60),
        ends_at=ends_at,
        residences=tuple(residences),
    ),
    st.sampled_from(("participating",) * 20 + ("unanswered", "refused", "withdrawn")),
    st.sampled_from((None, *DAYS[1:])),
    st.sampled_from((None,) * 10 + (NOW + timedelta(days=1), NOW)),
    st.lists(st.sampled_from(PLACES), max_size=2),
)
askers = st.builds(
    lambda who, joined_at: structs.replace(who, facility_joined_at=joined_at),
    st.sampled_from((*REQUESTERS * 8, *OUTSIDERS)),
    st.sampled_from(WHEN_JOINED),
)
requests = st.builds(
    lambda who, purpose: Request(who, purpose, NOW),
    askers,
    st.sampled_from(("TREAT",) * 12 + ("HRESCH", "ETREAT", "PATRQT")),
)
cases = st.builds(
    Case,
    st.sampled_from((NETWORK, BLANKET, NARROW, HOME_AREA)),
    participations,
    st.builds(directive_of, rules, marks, st.sampled_from((None, None, NOW - timedelta(days=10)))),
    requests,
)

# In a running break-glass session.
TAKEN = [each.record_id for each in RECORDS if each.category == "prescription"]
reaches = st.builds(
    lambda categories, level, shows_hidden, since, timeless, ongoing: EmergencyReach(
        tuple(categories),
        level,
        shows_hidden,
        tuple(since.items()),
        timeless=tuple(timeless),
        ongoing=tuple(each for each in TAKEN if each in ongoing),
    ),
    st.lists(st.sampled_from(("prescription", "lab", "care", "maternal")), unique=True),
    st.integers(0, 1),
    st.booleans(),
    st.dictionaries(st.sampled_from(("prescription", "lab")), st.sampled_from(DAYS), max_size=2),
    st.lists(st.sampled_from(("prescription", "care")), unique=True),
    st.sets(st.sampled_from(TAKEN)),
)
emergencies = st.builds(
    lambda case, purpose, reached: case._replace(
        request=structs.replace(case.request, purpose_of_use=purpose, emergency=reached)
    ),
    cases,
    st.sampled_from(("BTG", "BTG", "BTG", "ETREAT", "TREAT")),
    reaches,
)
