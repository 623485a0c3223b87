"""What holds for every network, every setting and every request; each law is run, and mutated."""

import os
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from babel.messages.pofile import read_po
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

import web_portal
from api.consent.decide import Policy, Scope, compile_policy
from api.consent.explain import sentence
from api.consent.facts import (
    Directive,
    Mark,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
    Residence,
    Team,
)
from api.consent.residences import Residences
from tests.consent.oracle import lived as oracle_lived
from tests.consent.oracle import oracle
from tests.consent.scene import (
    BIOPSY,
    BLANKET,
    CLINIC,
    CLINIC_SYSTEM,
    COUGH,
    DAY,
    DR_SATO,
    HOME_AREA,
    HOSPITAL,
    IN_THE_TEAM,
    ITO,
    MORI,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
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

# A mutation run asks the same laws thousands of times, and takes fewer cases for each.
EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "600"))
LOCALES = Path(web_portal.__file__).parent / "locales"
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def _hides_records(rule: Provision) -> bool:
    return bool(rule.record_ids or rule.data_from or rule.data_to)


def _is_named(rule: Provision) -> bool:
    return any(x is not None for x in (rule.professional_id, rule.facility_id, rule.team_id))


PERIODS = (
    (None, None),
    (NOW - HOUR, NOW + HOUR),
    (NOW, None),
    (None, NOW),
    (NOW + HOUR, None),
)
TARGETS: tuple[dict[str, Any], ...] = (
    {"facility_id": CLINIC},
    {"professional_id": SATO},
    {"team_id": TEAM},
    {"facility_type": "clinic", "region": "4301"},
    {"facility_type": "clinic", "region": "43"},
    {"facility_type": "clinic", "lived": "now"},
    {"facility_type": "clinic", "lived": "before"},
    {"facility_type": "clinic"},
    {"region": "43"},
    {"lived": "now"},
    {"lived": "recent"},
    {"lived": "before"},
    {"everyone": True},
    {"facility_id": PHARMACY},
    {"professional_id": ITO},
)
LEVELLED = ("facility_id", "professional_id", "team_id")
SIEVES: tuple[dict[str, Any], ...] = tuple(
    {name: value for name, value in zip(names, values, strict=True) if value is not None}
    for names in [("profession", "category", "source_facility_id")]
    for values in product(
        (None, "physician", "pharmacist"), (None, "prescription", "lab"), (None, HOSPITAL)
    )
    if any(values)
)
BOUND: tuple[dict[str, Any], ...] = (
    {"professional_id": SATO},
    {"facility_id": CLINIC},
    {"professional_id": ITO},
)
NARROW_SIEVES = (*SIEVES, *({**sieve, **bound} for sieve in SIEVES for bound in BOUND))
HIDDEN: tuple[dict[str, Any], ...] = tuple(
    {**what, **bound}
    for what in (
        {"record_ids": (ULCER,)},
        {"record_ids": (BIOPSY, COUGH)},
        {"data_from": date(2026, 1, 1)},
        {"data_to": date(2026, 1, 1)},
        {"data_from": date(2026, 1, 1), "data_to": date(2026, 3, 1)},
        {"data_from": date(2026, 3, 1), "category": "prescription"},
        {"data_from": date(2026, 3, 1), "category": "lab"},
        {"data_to": date(2026, 3, 2), "source_facility_id": HOSPITAL},
        {"data_to": date(2026, 3, 2), "profession": "physician", "category": "lab"},
    )
    for bound in ({}, *BOUND)
)
SHARED: tuple[dict[str, Any], ...] = tuple(
    {**who, **what}
    for who in (*BOUND, {"facility_id": PHARMACY})
    for what in (
        {"record_ids": (ULCER,)},
        {"record_ids": (BIOPSY, COUGH)},
        {"category": "prescription"},
        {"category": "lab"},
    )
)
PURPOSES = ((), ("HRESCH",), ("TREAT", "HRESCH"))
SET_AT = (None, NOW - 5 * DAY, NOW - 40 * DAY)


def _levels(target: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if any(name in target for name in LEVELLED):
        return tuple({"level": level} for level in (0, 1, 2))
    return tuple({"set_at": set_at} for set_at in SET_AT)


PERMITS = tuple(
    build(**named, valid_from=start, valid_to=end, purposes=purposes, **extra)
    for purposes, (start, end) in product(PURPOSES, PERIODS)
    for build, named, extra in (
        *((allow, target, extra) for target in TARGETS for extra in _levels(target)),
        *((show, sieve, {}) for sieve in NARROW_SIEVES),
    )
)
SHARES = tuple(
    share(**named, valid_from=start, valid_to=end, purposes=purposes)
    for purposes, (start, end) in product(PURPOSES, PERIODS)
    if end is not None
    for named in SHARED
)
DENIES = tuple(
    build(**named, valid_from=start, valid_to=end, purposes=purposes)
    for purposes, (start, end) in product(PURPOSES, PERIODS)
    for build, named in (
        *((refuse, target) for target in TARGETS),
        *((hide, sieve) for sieve in (*NARROW_SIEVES, *HIDDEN)),
    )
)
EXCLUSIONS = tuple(
    exclude(**named, valid_from=start, valid_to=end)
    for named in ({"facility_id": CLINIC}, {"professional_id": SATO})
    for start, end in PERIODS
)
IN_FORCE = tuple(
    rule
    for rule in (*PERMITS, *DENIES)
    if rule.valid_from is None and rule.valid_to is None and rule.purposes != ("HRESCH",)
)
LASTING = tuple(rule for rule in IN_FORCE if not _hides_records(rule))

WHEN_JOINED = (None, NOW - 40 * DAY, NOW - 7 * DAY, NOW - 7 * DAY + HOUR, NOW - DAY)
REQUESTERS = (
    DR_SATO,
    IN_THE_TEAM,
    CLINIC_SYSTEM,
    PHARMACIST_ITO,
    structs.replace(DR_SATO, facility_type=None, regions=()),
)
OUTSIDERS = (
    structs.replace(DR_SATO, facility_is_active=False),
    structs.replace(DR_SATO, is_trained=False),
    structs.replace(DR_SATO, professional_is_active=False),
    structs.replace(DR_SATO, professional_id=None),
    structs.replace(DR_SATO, profession=None),
    structs.replace(DR_SATO, profession="care_manager"),
)
RECORDS = tuple(
    RecordFacts(category, date(2026, 3, 1), effective_on, source, sensitivity, record_id)
    for category, effective_on, source, sensitivity, record_id in product(
        ("prescription", "lab", "maternal"),
        (None, date(2026, 1, 1), date(2025, 12, 31)),
        (HOSPITAL, None, CLINIC),
        (0, 1, 2),
        (ULCER, BIOPSY, None),
    )
)
PLAIN = (RecordFacts("prescription", date(2026, 3, 1), None, HOSPITAL, 0, ULCER),)
RESTRICTED = (structs.replace(PLAIN[0], sensitivity=1, record_id=BIOPSY),)
CATEGORIES = NETWORK.categories
PLACES = tuple(
    Residence(region, from_on, until_on)
    for region in ("43", "4301", "13")
    for from_on, until_on in (
        (None, None),
        (date(2026, 6, 1), None),
        (date(2026, 6, 2), None),
        (None, date(2026, 6, 1)),
        (None, date(2026, 6, 2)),
        (None, date(2024, 6, 2)),
        (None, date(2024, 6, 1)),
        (date(2010, 4, 1), date(2016, 4, 1)),
    )
)

# Rules that speak of Dr Satō and her patient's prescriptions, so that most settings conflict.
IN_CONFLICT = tuple(
    rule
    for rule in IN_FORCE
    if rule.facility_id != PHARMACY
    and rule.professional_id != ITO
    and rule.profession != "pharmacist"
    and rule.category != "lab"
)
SIEVING = tuple(r for r in IN_CONFLICT if r.axis == "filter" and not _hides_records(r))
OF_RECORDS = tuple(
    rule
    for rule in (*IN_FORCE, *SHARES)
    if (rule.axis == "share" or _hides_records(rule))
    and rule.purposes != ("HRESCH",)
    and rule.professional_id != ITO
    and rule.facility_id != PHARMACY
    and rule.applies("TREAT", NOW)
)
rules = st.tuples(
    st.lists(st.sampled_from([r for r in IN_CONFLICT if r.axis == "recipient"]), max_size=4),
    st.lists(st.sampled_from(SIEVING), max_size=3),
    st.lists(st.sampled_from(OF_RECORDS), max_size=2),
    st.lists(st.sampled_from((*IN_FORCE, *EXCLUSIONS)), max_size=1),
    st.lists(st.one_of(*map(st.sampled_from, (PERMITS, DENIES, SHARES))), max_size=1),
).map(lambda parts: [rule for part in parts for rule in part])
permits = st.one_of(
    *(
        st.sampled_from([r for r in pool if r.kind == "permit"])
        for pool in (IN_CONFLICT, IN_FORCE, SHARES)
    )
)
requests = st.builds(
    lambda who, joined_at, purpose: Request(
        structs.replace(who, facility_joined_at=joined_at), purpose, NOW
    ),
    st.sampled_from((*REQUESTERS * 8, *OUTSIDERS)),
    st.sampled_from(WHEN_JOINED),
    st.sampled_from(("TREAT",) * 12 + ("HRESCH", "ETREAT", "BTG", "PATRQT")),
)
seen = st.frozensets(st.sampled_from(CATEGORIES))
networks = st.one_of(
    st.sampled_from((NETWORK, BLANKET, HOME_AREA)),
    st.builds(
        lambda physician, others, purposes, default: structs.replace(
            NETWORK,
            matrix={"physician": physician, **others},
            purposes=purposes | {"TREAT"},
            recipient_default=default,
        ),
        seen,
        st.dictionaries(st.sampled_from(("pharmacist", "nurse", "clerk")), seen),
        st.frozensets(st.sampled_from(("HRESCH", "ETREAT", "BTG"))),
        st.sampled_from(("permit", "deny", "home_area")),
    ),
)
participations = st.builds(
    Participation,
    st.sampled_from(("participating",) * 14 + ("unanswered", "refused", "withdrawn")),
    st.sampled_from((date(2026, 1, 1), None)),
    st.none(),
    st.sampled_from((None, NOW - 60 * DAY, NOW - 6 * DAY)),
    st.sampled_from((None,) * 9 + (NOW + HOUR, NOW)),
    st.lists(st.sampled_from(PLACES), max_size=3).map(tuple),
)
marks = st.dictionaries(st.sampled_from((ULCER, BIOPSY, COUGH)), st.integers(0, 2), max_size=2).map(
    lambda levels: tuple(Mark(each, level) for each, level in levels.items())
)
directives = st.fixed_dictionaries(
    {
        "marks": marks,
        "asks_first_since": st.sampled_from((None, None, NOW - 10 * DAY, NOW - 40 * DAY)),
        "teams": st.sampled_from(
            ((Team(TEAM, "Team", (MORI,)),), (Team(TEAM, "Team", (MORI, SATO)),), ())
        ),
    }
)


class Case(NamedTuple):
    network: NetworkRules
    participation: Participation
    rules: list[Provision]
    beside: dict[str, Any]
    requests: list[Request]
    records: list[RecordFacts]

    def directive(self, rules: list[Provision] | None = None, **more: Any) -> Directive:
        return directive(*(self.rules if rules is None else rules), **{**self.beside, **more})

    def policy(self, rules: list[Provision] | None = None, **more: Any) -> Policy:
        return compile_policy(self.network, self.participation, self.directive(rules, **more))

    def questions(self) -> list[tuple[Request, RecordFacts]]:
        return list(product(self.requests, self.records))


cases = st.builds(
    Case,
    networks,
    participations,
    rules,
    directives,
    st.lists(requests, min_size=1, max_size=2),
    st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4).map(
        lambda records: [*PLAIN, *RESTRICTED, *records]
    ),
)

Law = Callable[[], None]
LAWS: dict[str, Law] = {}
# The same with more cases: a planted bug stops at the first that shows it, whatever is drawn.
DEEPER: dict[str, Law] = {}


def law(*strategies: Any) -> Callable[[Callable[..., None]], Law]:
    def register(check: Callable[..., None]) -> Law:
        def asking(examples: int) -> Law:
            run: Law = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
                print_blob=False,
            )(given(*strategies)(check))
            return run

        LAWS[check.__name__] = asking(EXAMPLES)
        DEEPER[check.__name__] = asking(10 * EXAMPLES)
        return LAWS[check.__name__]

    return register


@law(cases)
def core_follows_the_written_order(case: Case) -> None:
    policy, written = case.policy(), case.directive()
    for request, record in case.questions():
        found = policy.decide(request, record)
        expected = oracle(case.network, case.participation, written, request, record)
        assert (found.outcome, found.basis.step) == expected


@law(cases, st.randoms(use_true_random=False))
def order_of_rules_never_matters(case: Case, dice: random.Random) -> None:
    straight = case.directive()
    shuffled = [list(of) for of in (straight.provisions, straight.marks, straight.teams)]
    for each in shuffled:
        dice.shuffle(each)
    rules, marks, teams = map(tuple, shuffled)
    mixed = structs.replace(straight, provisions=rules, marks=marks, teams=teams)
    places = tuple(reversed(case.participation.residences))
    elsewhere = structs.replace(case.participation, residences=places)
    one = compile_policy(case.network, case.participation, straight)
    other = compile_policy(case.network, elsewhere, mixed)
    for request, record in case.questions():
        assert one.decide(request, record) == other.decide(request, record)
    assert [one.scope(each) for each in case.requests] == [
        other.scope(each) for each in case.requests
    ]


@law(cases, st.one_of(*map(st.sampled_from, (LASTING, DENIES, SIEVING))))
def adding_a_deny_never_opens(case: Case, added: Provision) -> None:
    deny = structs.replace(added, kind="deny")
    # Said twice, it is one more deny beside one that is known to bind.
    none, once, twice = (case.policy([*case.rules, *[deny] * times]) for times in range(3))
    for request, record in case.questions():
        for before, after in ((none, once), (once, twice)):
            if before.decide(request, record).outcome == "deny":
                assert after.decide(request, record).outcome == "deny"


@law(cases, st.sampled_from(TARGETS))
def a_permit_beside_a_deny_changes_nothing(case: Case, target: dict[str, Any]) -> None:
    denied = [*case.rules, allow(professional_id=SATO), refuse(**target)]
    before, after = case.policy(denied), case.policy([*denied, allow(**target, level=1)])
    for request, record in case.questions():
        assert before.decide(request, record).outcome == after.decide(request, record).outcome


@law(cases, st.booleans())
def an_exclusion_is_absolute(case: Case, is_person: bool) -> None:
    for request in case.requests:
        who = request.requester
        is_named = is_person and who.professional_id is not None
        exclusion = (
            exclude(professional_id=who.professional_id)
            if is_named
            else exclude(facility_id=who.facility_id)
        )
        policy = case.policy([*case.rules, exclusion])
        for record, purpose in product(case.records, ("TREAT", "ETREAT", "BTG", "HRESCH")):
            asked = structs.replace(request, purpose_of_use=purpose)
            assert policy.decide(asked, record).outcome == "deny"
            assert not policy.scope(asked).own_facility


@law(cases, permits)
def an_expiring_permit_never_opens(case: Case, permit: Provision) -> None:
    expired = structs.replace(permit, valid_from=NOW - HOUR, valid_to=NOW)
    after, before = case.policy([*case.rules, expired]), case.policy([*case.rules, permit])
    for request, record in case.questions():
        if after.decide(request, record).outcome == "permit":
            assert before.decide(request, record).outcome == "permit"


@law(cases, st.sampled_from((*IN_FORCE, *EXCLUSIONS, *SHARES)))
def a_rule_is_gone_at_its_end_and_there_at_its_start(case: Case, rule: Provision) -> None:
    def policy(start: datetime | None, end: datetime | None) -> Policy:
        timed = structs.replace(rule, valid_from=start, valid_to=end)
        return case.policy([*case.rules, timed])

    gone = (case.policy(), policy(None, NOW), policy(NOW + HOUR, NOW + 2 * HOUR))
    there = (policy(NOW, NOW + HOUR), policy(None, NOW + 2 * HOUR))
    for request, record in case.questions():
        for alike in (gone, there):
            assert len({each.decide(request, record).outcome for each in alike}) == 1


@law(cases, st.sampled_from((ULCER, BIOPSY)))
def raising_a_mark_never_opens(case: Case, record_id: UUID) -> None:
    levels = {mark.record_id: mark.level for mark in case.beside["marks"]}
    before = case.policy()
    for request, record in case.questions():
        for level in range(levels.get(record_id, record.sensitivity), 3):
            raised = tuple(Mark(*each) for each in {**levels, record_id: level}.items())
            if before.decide(request, record).outcome == "deny" and record.record_id == record_id:
                after = case.policy(marks=raised).decide(request, record)
                assert after.outcome == "deny"


@law(cases)
def a_share_beats_no_exclusion_no_secret_and_no_first_date(case: Case) -> None:
    before = case.policy()
    for request, record in case.questions():
        to = {"facility_id": request.requester.facility_id}
        after = case.policy([*case.rules, share(category=record.category, **to)])
        was, now = before.decide(request, record), after.decide(request, record)
        day = record.effective_on or record.recorded_on
        first = case.participation.data_from
        if now.basis.step != was.basis.step:
            assert was.basis.step in ("recipient", "filter", "sensitivity", "granted", "data_from")
        levels = {mark.record_id: mark.level for mark in case.beside["marks"]}
        if levels.get(record.record_id, record.sensitivity) == 2:
            assert now.outcome == "deny" or now.basis.step == "own_record"
        if first is not None and day < first:
            assert now.outcome == "deny" or now.basis.step == "own_record"
        elif was.basis.step in ("recipient", "filter", "sensitivity", "granted"):
            serves = request.purpose_of_use == "TREAT"
            assert now.basis.step == ("shared" if serves else was.basis.step)


@law(cases, st.sampled_from(HIDDEN))
def what_is_hidden_is_seen_by_its_writer_or_shared(case: Case, named: dict[str, Any]) -> None:
    bound = {name: named[name] for name in named if name not in ("professional_id", "facility_id")}
    policy = case.policy([*case.rules, hide(**bound)])
    for request, record in case.questions():
        day = record.effective_on or record.recorded_on
        is_hidden = (
            record.record_id in bound.get("record_ids", (record.record_id,))
            and record.category == bound.get("category", record.category)
            and record.source_facility_id
            == bound.get("source_facility_id", record.source_facility_id)
            and request.requester.profession
            == bound.get("profession", request.requester.profession)
            and bound.get("data_from", day) <= day < bound.get("data_to", date.max)
        )
        if is_hidden:
            assert policy.decide(request, record).basis.step != "granted"


@law(cases)
def a_facility_of_yesterday_is_let_in_by_name_alone(case: Case) -> None:
    chosen = NOW - 2 * DAY
    earlier = [
        structs.replace(rule, set_at=chosen)
        if rule.axis == "recipient" and not _is_named(rule)
        else rule
        for rule in case.rules
    ]
    named = [
        rule
        for rule in earlier
        if rule.axis != "recipient" or rule.kind != "permit" or _is_named(rule)
    ]
    since = structs.replace(case.participation, joined_at=chosen)
    without_default = structs.replace(case.network, recipient_default="deny")
    living = compile_policy(case.network, since, case.directive(earlier))
    by_name = compile_policy(without_default, since, case.directive(named))
    for request, record in case.questions():
        who = structs.replace(request.requester, facility_joined_at=NOW - DAY)
        new = structs.replace(request, requester=who)
        assert living.decide(new, record).outcome == by_name.decide(new, record).outcome


days = st.dates(date(2022, 2, 27), date(2028, 3, 2))
lived_in = st.builds(
    lambda region, between: Residence(region, *between),
    st.sampled_from(("43", "4301", "13")),
    st.one_of(st.sets(days, min_size=2, max_size=2).map(sorted), st.just((None, None))),
)
moments = st.builds(
    lambda on, hour: datetime(on.year, on.month, on.day, hour, tzinfo=UTC),
    st.one_of(days, st.just(date(2024, 2, 29)), st.just(date(2028, 2, 29))),
    st.integers(13, 16),
)


@law(st.lists(lived_in, max_size=3), moments)
def where_one_lived_is_as_written(places: list[Residence], now: datetime) -> None:
    ends = [place.until_on for place in places if place.until_on is not None]
    anniversaries = [datetime(on.year + 2, on.month, min(on.day, 28), 3, tzinfo=UTC) for on in ends]
    for moment in (now, *anniversaries, *(each - DAY for each in anniversaries)):
        request = Request(DR_SATO, "TREAT", moment)
        expected = oracle_lived(Participation(residences=tuple(places)), request)
        for listed in (places, places[::-1]):
            assert Residences(listed).lived(DR_SATO.regions, moment) == expected


@law(cases, st.sampled_from((HOUR, 2 * DAY, 8 * DAY, 900 * DAY)))
def an_answer_stays_as_long_as_it_says(case: Case, later: timedelta) -> None:
    policy = case.policy()
    for request, record in case.questions():
        until = policy.holds_until(request)
        moments = [NOW + later] if until is None or NOW + later < until else []
        moments += [] if until is None else [until - TICK]
        for moment in moments:
            after = structs.replace(request, now=moment)
            assert policy.decide(after, record) == policy.decide(request, record)


def is_in_scope(scope: Scope, request: Request, record: RecordFacts) -> bool:
    """What `Scope` and `Exceptions` say, read anew."""
    source, category, each = record.source_facility_id, record.category, record.record_id
    kept, pair = scope.exceptions, (record.source_facility_id, record.category)
    day = record.effective_on or record.recorded_on
    if scope.own_facility and source == request.requester.facility_id:
        return True
    if scope.data_from is not None and day < scope.data_from:
        return False
    is_secret = each in kept.sealed or (record.sensitivity == 2 and each not in kept.unsealed)
    if (each in kept.shared or category in kept.shared_categories) and not is_secret:
        return True
    is_hidden = each in kept.hidden or any(
        period.source_facility_id in (None, source)
        and period.category in (None, category)
        and (period.data_from or date.min) <= day < (period.data_to or date.max)
        for period in kept.hidden_periods
    )
    is_within = each in kept.lowered or (
        record.sensitivity <= scope.level and each not in kept.raised
    )
    is_shown = pair in scope.source_permitted or (
        category in scope.categories and pair not in scope.source_denied
    )
    return is_shown and is_within and not is_hidden


@law(cases)
def scope_is_the_decision_for_every_record(case: Case) -> None:
    policy = case.policy()
    for request in case.requests:
        scope = policy.scope(request)
        for record in RECORDS:
            decision = policy.decide(request, record)
            assert is_in_scope(scope, request, record) == (decision.outcome == "permit")


@law(cases)
def scope_gives_each_category_the_reason_the_decision_gives(case: Case) -> None:
    policy = case.policy([rule for rule in case.rules if not _hides_records(rule)])
    for request in case.requests:
        scope = policy.scope(request)
        for category in (*case.network.categories, "maternal"):
            day = case.participation.data_from or date(2026, 1, 1)
            plain = RecordFacts(category, day, day)
            assert scope.of(category) == policy.decide(request, plain)


@law(cases)
def every_answer_has_its_sentence_in_both_languages(case: Case) -> None:
    policy = case.policy()
    for request, record in case.questions():
        scope = policy.scope(request)
        for basis in (policy.decide(request, record).basis, scope.basis, scope.of("lab").basis):
            said = sentence(basis)
            for texts in CATALOGUES.values():
                assert texts[said.key].format_map(said.params)


def _texts(locale: str) -> dict[str, str]:
    with (LOCALES / locale / "LC_MESSAGES" / "consent.po").open(encoding="utf-8") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale) if m.id}


CATALOGUES = {locale: _texts(locale) for locale in ("ja", "en")}
