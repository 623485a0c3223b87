"""What the decision core makes of a running session: ER Dr Mori, about Hanako's records."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from msgspec import structs

from api.consent.decide import decide
from api.consent.explain import sentence
from api.consent.facts import EmergencyReach, RecordFacts
from tests.consent.scene import CLINIC, HOSPITAL, JOINED, NETWORK, ask, directive, exclude, hide
from tests.records.filter_cases import RECORDS, Case, emergencies


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(emergencies)
def test_a_session_opens_only_what_it_reaches_and_never_a_secret(case: Case):
    reached = case.request.emergency
    assert reached is not None
    is_emergency = case.request.purpose_of_use in ("BTG", "ETREAT")
    marked = {mark.record_id: mark.level for mark in case.directive.marks}
    excluded = case.policy.decide(case.request, RECORDS[0]).basis.step == "excluded"
    for record in RECORDS:
        decision = case.policy.decide(case.request, record)
        if decision.outcome == "deny" or decision.basis.step == "own_record":
            continue
        assert not excluded
        assert (decision.basis.step == "emergency") == is_emergency
        if is_emergency:
            sensitivity = marked.get(record.record_id, record.sensitivity)
            assert sensitivity <= reached.level < 2
            assert record.category in reached.categories
            day = record.effective_on or record.recorded_on
            assert day >= dict(reached.since).get(record.category, date.min)
            assert decision.basis.emergency == reached


OPERATION = UUID(int=500)
TREATED = RecordFacts(
    "procedure", date(2026, 5, 1), date(2024, 1, 1), HOSPITAL, record_id=UUID(int=501)
)
OPERATED = structs.replace(TREATED, record_id=OPERATION)
REACH = EmergencyReach(
    ("procedure", "allergy"), 1, True, (("procedure", date(2026, 3, 1)),), (OPERATION,)
)
SINCE_ALWAYS = structs.replace(JOINED, data_from=None)


@pytest.mark.parametrize(
    ("reached", "record", "step"),
    [
        (REACH, OPERATED, "emergency"),
        (REACH, TREATED, "emergency_reach"),
        (REACH, structs.replace(TREATED, effective_on=date(2026, 3, 1)), "emergency"),
        (REACH, structs.replace(OPERATED, sensitivity=2), "secret"),
        (structs.replace(REACH, level=0), OPERATED, "emergency_reach"),
        (structs.replace(REACH, shows_hidden=False), OPERATED, "emergency_reach"),
        (structs.replace(REACH, categories=("allergy",)), OPERATED, "emergency_reach"),
        (structs.replace(REACH, level=0), structs.replace(OPERATED, sensitivity=1), "sensitivity"),
    ],
    ids=str,
)
def test_an_operation_is_reached_where_a_treatment_of_that_day_is_not(reached, record, step):
    asked = structs.replace(ask(purpose_of_use="BTG"), emergency=reached)
    decision = decide(NETWORK, SINCE_ALWAYS, directive(), asked, record)
    assert decision.basis.step == step
    assert sentence(decision.basis).key == f"consent.basis.{step}"


def test_what_warns_of_harm_opens_from_before_the_sharing_began_too():
    closed = decide(NETWORK, SINCE_ALWAYS, directive(), ask(purpose_of_use="BTG"), OPERATED)
    assert closed.basis.step == "emergency_closed"
    asked = structs.replace(ask(purpose_of_use="BTG"), emergency=REACH)
    assert decide(NETWORK, JOINED, directive(), asked, OPERATED).basis.step == "emergency"
    assert JOINED.data_from is not None
    old = structs.replace(TREATED, category="allergy", effective_on=date(1990, 1, 1))
    assert decide(NETWORK, JOINED, directive(), asked, old).basis.step == "data_from"
    warned = structs.replace(asked, emergency=structs.replace(REACH, timeless=("allergy",)))
    assert decide(NETWORK, JOINED, directive(), warned, old).basis.step == "emergency"
    hidden = structs.replace(warned.emergency, shows_hidden=False)
    kept = directive(hide(category="allergy", data_to=date(1991, 1, 1)))
    asked = structs.replace(warned, emergency=hidden)
    assert decide(NETWORK, JOINED, kept, asked, old).basis.step == "filter"
    asked = structs.replace(warned, emergency=hidden)
    secret = structs.replace(old, sensitivity=2)
    assert decide(NETWORK, JOINED, directive(), asked, secret).basis.step == "secret"
    treating = structs.replace(ask(), emergency=REACH)
    assert decide(NETWORK, SINCE_ALWAYS, directive(), treating, OPERATED).basis.step == "recipient"


def test_whom_hanako_shut_out_opens_nothing_in_an_emergency_either():
    asked = structs.replace(ask(purpose_of_use="BTG"), emergency=REACH)
    shut = directive(exclude(facility_id=CLINIC))
    assert decide(NETWORK, SINCE_ALWAYS, shut, asked, OPERATED).basis.step == "excluded"


def test_no_reach_holds_secret_records():
    with pytest.raises(ValueError, match="secret"):
        EmergencyReach(("allergy",), 2)
