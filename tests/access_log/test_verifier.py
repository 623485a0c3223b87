"""Every case of the synthetic log is answered as it must be."""

import json

import pytest

from api.access_log import verifier as v
from tests.access_log.cases import Case, cases
from tests.access_log.synthetic import HANAKO, TARO, WITNESSES, Log
from tests.pace import quickest


def answered(case: Case) -> v.Verdict:
    verify = v.verify_proof if case.kind == "proof" else v.verify_bundle
    return verify(
        case.text,
        [v.parse_vkey(each) for each in case.keys],
        [v.parse_vkey(each, v.COSIGNATURE) for each in case.witnesses],
        case.remembered and v.read_remembered(case.remembered),
        case.now,
    )


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_case_is_answered_as_it_must_be(case):
    verdict = answered(case)
    assert [(each.code, each.number) for each in verdict.findings] == list(case.findings)
    assert verdict.outcome == case.outcome
    assert tuple(verdict.witnesses) == case.seen


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_only_what_holds_is_remembered(case):
    verdict = answered(case)
    is_kept = verdict.outcome != "failed" and case.kind == "bundle"
    assert (verdict.remember is not None) == is_kept
    if verdict.remember is not None:
        assert v.read_remembered(str(verdict.remember)) == verdict.remember


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_answer_is_said_in_words(case):
    verdict = answered(case)
    said = v.described(verdict)
    assert said.split(":")[0].split(",")[0] in {"VERIFIED", "PENDING", "FAILED", "UNREADABLE"}
    assert said.count("\n- ") == len(verdict.findings)
    assert "{" not in said
    assert "佐藤" not in said


def test_every_finding_occurs_in_a_case():
    found = {code for case in cases() for code, _ in case.findings}
    assert found == set(v.Code) == set(v.SENTENCES)


def test_a_thousand_events_are_verified_in_a_second():
    log = Log()
    for number in range(1000):
        log.append(HANAKO)
        log.pad(7)
        if number % 100 == 0:
            log.seal()
    log.seal()
    log.count()
    text = json.dumps(log.bundle(witnesses=WITNESSES), ensure_ascii=False)

    def verify() -> None:
        verdict = v.verify_bundle(text, log.vkeys, [each.vkey for each in WITNESSES], None, log.now)
        assert verdict.outcome == "verified"

    assert quickest(verify, 1) < 1


def test_a_member_given_twice_is_refused():
    log = Log()
    text = json.dumps(log.bundle())
    twice = text.replace('"nodes": {}', '"nodes": {}, "nodes": {}')
    assert twice != text
    verdict = v.verify_bundle(twice, log.vkeys, [], None, log.now)
    assert [each.code for each in verdict.findings] == ["malformed"]


def test_one_phone_remembers_several_people():
    """Yumi looks after her mother's log and her own."""
    log = Log()
    log.append(HANAKO)
    log.append(TARO)
    log.seal()
    log.count()
    memory = None
    for participant in (HANAKO, TARO):
        text = json.dumps(log.bundle(participant))
        verdict = v.verify_bundle(text, log.vkeys, [], memory, log.now)
        memory = verdict.remember
    assert memory is not None
    assert {each: head.number for each, head in memory.heads.items()} == {HANAKO: 1, TARO: 1}
