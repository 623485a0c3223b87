"""What holds for every network, every setting and every request; each law is run, and mutated."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.pofile import read_po
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

import web_portal
from api.consent.decide import compile_policy, decide
from api.consent.explain import sentence
from api.consent.facts import (
    Decision,
    NetworkRules,
    Participation,
    Provision,
    RecordFacts,
    Request,
)
from tests.consent.oracle import oracle
from tests.consent.scene import (
    BLANKET,
    CLINIC,
    CLINIC_SYSTEM,
    DR_SATO,
    HOSPITAL,
    IN_THE_TEAM,
    ITO,
    NETWORK,
    NOW,
    PHARMACIST_ITO,
    PHARMACY,
    SATO,
    TEAM,
    allow,
    directive,
    exclude,
    hide,
    refuse,
    show,
)

LOCALES = Path(web_portal.__file__).parent / "locales"
HOUR = timedelta(hours=1)
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
    {"facility_type": "clinic"},
    {"region": "43"},
    {"facility_id": PHARMACY},
    {"professional_id": ITO},
)
SIEVES: tuple[dict[str, Any], ...] = tuple(
    {name: value for name, value in zip(names, values, strict=True) if value is not None}
    for names in [("profession", "category", "source_facility_id")]
    for values in product(
        (None, "physician", "pharmacist"), (None, "prescription", "lab"), (None, HOSPITAL)
    )
    if any(values)
)
PURPOSES = ((), ("HRESCH",), ("TREAT", "HRESCH"))

PERMITS = tuple(
    build(**named, valid_from=start, valid_to=end, purposes=purposes, **extra)
    for purposes, (start, end) in product(PURPOSES, PERIODS)
    for build, named, extra in (
        *((allow, target, {"level": level}) for target in TARGETS for level in (0, 1, 2)),
        *((show, sieve, {}) for sieve in SIEVES),
    )
)
DENIES = tuple(
    build(**named, valid_from=start, valid_to=end, purposes=purposes)
    for purposes, (start, end) in product(PURPOSES, PERIODS)
    for build, named in (
        *((refuse, target) for target in TARGETS),
        *((hide, sieve) for sieve in SIEVES),
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
    RecordFacts(category, date(2026, 3, 1), effective_on, source, sensitivity)
    for category, effective_on, source, sensitivity in product(
        ("prescription", "lab", "maternal"),
        (None, date(2026, 1, 1), date(2025, 12, 31)),
        (HOSPITAL, None, CLINIC),
        (0, 1, 2),
    )
)
PLAIN = (RecordFacts("prescription", date(2026, 3, 1), None, HOSPITAL),)
RESTRICTED = (structs.replace(PLAIN[0], sensitivity=1),)
NARROW = structs.replace(BLANKET, matrix={**NETWORK.matrix, "physician": frozenset({"care"})})
PARTICIPATIONS = (
    Participation("participating", date(2026, 1, 1)),
    Participation("participating", None),
)
OUTSIDE = tuple(Participation(state) for state in ("unanswered", "refused", "withdrawn"))

# Rules that speak of Dr Satō and her patient's prescriptions, so that most settings conflict.
IN_CONFLICT = tuple(
    rule
    for rule in IN_FORCE
    if rule.facility_id != PHARMACY
    and rule.professional_id != ITO
    and rule.profession != "pharmacist"
    and rule.category != "lab"
)
rules = st.tuples(
    st.lists(st.sampled_from([r for r in IN_CONFLICT if r.axis == "recipient"]), max_size=4),
    st.lists(st.sampled_from([r for r in IN_CONFLICT if r.axis == "filter"]), max_size=3),
    st.lists(st.sampled_from((*IN_FORCE, *PERMITS, *DENIES, *EXCLUSIONS)), max_size=2),
).map(lambda parts: [rule for part in parts for rule in part])
permits = st.one_of(
    *(st.sampled_from([r for r in pool if r.kind == "permit"]) for pool in (IN_CONFLICT, IN_FORCE))
)
requests = st.builds(
    lambda who, purpose: Request(who, purpose, NOW),
    st.sampled_from((*REQUESTERS * 8, *OUTSIDERS)),
    st.sampled_from(("TREAT",) * 12 + ("HRESCH", "ETREAT", "BTG", "PATRQT")),
)


class Case(NamedTuple):
    network: NetworkRules
    participation: Participation
    rules: list[Provision]
    requests: list[Request]
    records: list[RecordFacts]

    def decide(
        self, request: Request, record: RecordFacts, rules: list[Provision] | None = None
    ) -> Decision:
        settings_now = directive(*(self.rules if rules is None else rules))
        return decide(self.network, self.participation, settings_now, request, record)

    def questions(self) -> list[tuple[Request, RecordFacts]]:
        return list(product(self.requests, self.records))


cases = st.builds(
    Case,
    st.sampled_from((NETWORK, BLANKET, NARROW)),
    st.sampled_from((*PARTICIPATIONS * 8, *OUTSIDE)),
    rules,
    st.lists(requests, min_size=1, max_size=2),
    st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4).map(
        lambda records: [*PLAIN, *RESTRICTED, *records]
    ),
)

Law = Callable[[], None]
LAWS: dict[str, Law] = {}


def law(*strategies: Any) -> Callable[[Callable[..., None]], Law]:
    def register(check: Callable[..., None]) -> Law:
        run: Law = settings(
            max_examples=500,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )(given(*strategies)(check))
        LAWS[check.__name__] = run
        return run

    return register


@law(cases)
def core_follows_the_written_order(case: Case) -> None:
    for request, record in case.questions():
        found = case.decide(request, record)
        expected = oracle(case.network, case.participation, directive(*case.rules), request, record)
        assert (found.outcome, found.basis.step) == expected


@law(cases, st.randoms(use_true_random=False))
def order_of_rules_never_matters(case: Case, dice: random.Random) -> None:
    straight = directive(*case.rules)
    shuffled = list(straight.provisions)
    dice.shuffle(shuffled)
    mixed = structs.replace(straight, provisions=tuple(shuffled))
    for request, record in case.questions():
        facts = (request, record)
        assert decide(case.network, case.participation, mixed, *facts) == decide(
            case.network, case.participation, straight, *facts
        )


@law(cases, st.one_of(st.sampled_from(IN_FORCE), st.sampled_from(DENIES)))
def adding_a_deny_never_opens(case: Case, added: Provision) -> None:
    deny = structs.replace(added, kind="deny")
    for request, record in case.questions():
        if case.decide(request, record).outcome == "deny":
            assert case.decide(request, record, [*case.rules, deny]).outcome == "deny"


@law(cases, st.sampled_from(TARGETS))
def a_permit_beside_a_deny_changes_nothing(case: Case, target: dict[str, Any]) -> None:
    denied = [*case.rules, allow(professional_id=SATO), refuse(**target)]
    for request, record in case.questions():
        before = case.decide(request, record, denied).outcome
        assert case.decide(request, record, [*denied, allow(**target, level=1)]).outcome == before


@law(cases, st.booleans())
def an_exclusion_is_absolute(case: Case, is_person: bool) -> None:
    for request, record in case.questions():
        who = request.requester
        is_named = is_person and who.professional_id is not None
        exclusion = (
            exclude(professional_id=who.professional_id)
            if is_named
            else exclude(facility_id=who.facility_id)
        )
        for purpose in ("TREAT", "ETREAT", "BTG", "HRESCH"):
            asked = structs.replace(request, purpose_of_use=purpose)
            assert case.decide(asked, record, [*case.rules, exclusion]).outcome == "deny"


@law(cases, permits)
def an_expiring_permit_never_opens(case: Case, permit: Provision) -> None:
    expired = structs.replace(permit, valid_from=NOW - HOUR, valid_to=NOW)
    for request, record in case.questions():
        if case.decide(request, record, [*case.rules, expired]).outcome == "permit":
            assert case.decide(request, record, [*case.rules, permit]).outcome == "permit"


@law(cases, st.sampled_from((*IN_FORCE, *EXCLUSIONS)))
def a_rule_is_gone_at_its_end_and_there_at_its_start(case: Case, rule: Provision) -> None:
    ended = structs.replace(rule, valid_from=None, valid_to=NOW)
    coming = structs.replace(rule, valid_from=NOW + HOUR, valid_to=None)
    begun = structs.replace(rule, valid_from=NOW, valid_to=NOW + HOUR)
    always = structs.replace(rule, valid_from=None, valid_to=None)
    for request, record in case.questions():

        def outcome(*more: Provision, of: tuple[Request, RecordFacts] = (request, record)) -> str:
            return case.decide(*of, [*case.rules, *more]).outcome

        assert outcome(ended) == outcome(coming) == outcome()
        assert outcome(begun) == outcome(always)


@law(cases)
def scope_is_the_decision_for_every_record(case: Case) -> None:
    policy = compile_policy(case.network, case.participation, directive(*case.rules))
    for request in case.requests:
        scope = policy.scope(request)
        for record in RECORDS:
            source, category = record.source_facility_id, record.category
            day = record.effective_on or record.recorded_on
            is_own = scope.own_facility and source == request.requester.facility_id
            is_granted = (
                record.sensitivity <= scope.level
                and (scope.data_from is None or day >= scope.data_from)
                and (
                    (source, category) in scope.source_permitted
                    or (
                        category in scope.categories
                        and (source, category) not in scope.source_denied
                    )
                )
            )
            decision = policy.decide(request, record)
            assert (is_own or is_granted) == (decision.outcome == "permit")


@law(cases)
def scope_gives_each_category_the_reason_the_decision_gives(case: Case) -> None:
    policy = compile_policy(case.network, case.participation, directive(*case.rules))
    for request in case.requests:
        scope = policy.scope(request)
        for category in (*case.network.categories, "maternal"):
            day = case.participation.data_from or date(2026, 1, 1)
            plain = RecordFacts(category, day, day)
            assert scope.of(category) == policy.decide(request, plain)


@law(cases)
def every_answer_has_its_sentence_in_both_languages(case: Case) -> None:
    policy = compile_policy(case.network, case.participation, directive(*case.rules))
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
