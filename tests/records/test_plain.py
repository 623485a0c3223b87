"""What a stored record says in plain words, whatever shape it came in, and nothing beyond."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.records import parse
from api.records.demo_records import demo_bundles
from api.records.own.plain import _READERS, LONGEST_VALUE, MOST_FACTS, Fact, facts_of
from tests.records import shapes


def narrative(text: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'}


def quantity(value: object, unit: str) -> dict[str, object]:
    return {"value": value, "unit": unit}


@pytest.mark.parametrize(
    ("resource", "facts"),
    [
        (
            shapes.lab(
                valueQuantity=quantity(7.1, "%"),
                referenceRange=[{"low": quantity(4.6, "%"), "high": quantity(6.2, "%")}],
                interpretation=[{"coding": [{"code": "H", "display": "高値"}]}],
            ),
            [
                Fact("result", "7.1 %"),
                Fact("range", "4.6 %〜6.2 %"),
                Fact("reading", "高値"),
            ],
        ),
        (
            shapes.lab(
                component=[
                    {"code": {"text": "収縮期血圧"}, "valueQuantity": quantity(128, "mmHg")},
                    {"code": {"text": "拡張期血圧"}, "valueQuantity": quantity(76, "mm[Hg]")},
                ]
            ),
            [
                Fact("result", "128 mmHg", "収縮期血圧"),
                Fact("result", "76 mmHg", "拡張期血圧"),
            ],
        ),
        (shapes.lab(valueBoolean=True), [Fact("result", "true")]),
        (shapes.lab(valueString="陰性"), [Fact("result", "陰性")]),
        (shapes.condition(abatementDateTime="2025-01-31"), [Fact("ended", on=date(2025, 1, 31))]),
        (shapes.condition(note=[{"text": "家族のみに説明"}]), []),
        (
            shapes.prescription(
                dosageInstruction=[{"text": "１日２回 朝夕食後 28日分"}],
                dispenseRequest={
                    "quantity": quantity(56, "錠"),
                    "expectedSupplyDuration": quantity(28, "日"),
                },
            ),
            [
                Fact("usage", "１日２回 朝夕食後 28日分"),
                Fact("amount", "56 錠"),
                Fact("days", "28 日"),
            ],
        ),
        (
            {
                "resourceType": "Composition",
                "section": [
                    {
                        "title": "経過",
                        "text": narrative("<p>軽快</p><script>x</script><p>退院 &amp; 通院</p>"),
                    }
                ],
            },
            [Fact("text", "軽快\n退院 & 通院", "経過")],
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "criticality": "high",
                "reaction": [{"manifestation": [{"text": "じんましん"}]}],
            },
            [Fact("criticality", "high"), Fact("reaction", "じんましん")],
        ),
        (
            {
                "resourceType": "QuestionnaireResponse",
                "item": [{"text": "たばこ", "answer": [{"valueBoolean": False}]}],
            },
            [Fact("answer", "false", "たばこ")],
        ),
        ({"resourceType": "Patient", "name": [{"text": "山本 花子"}]}, []),
        ({"resourceType": "Unheard"}, []),
    ],
    ids=lambda value: value.get("resourceType") if isinstance(value, dict) else "",
)
def test_each_kind_says_its_own(resource: dict[str, Any], facts: list[Fact]) -> None:
    assert facts_of(parse.decode(parse.encode(resource).encode())) == facts


def test_a_decimal_keeps_the_digits_it_was_sent_with() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":7.10,"unit":"%"}}'
    assert facts_of(parse.decode(body)) == [Fact("result", "7.10 %")]


def test_the_demo_records_say_their_results_and_usages() -> None:
    today = date(2026, 11, 1)
    bundles = demo_bundles("hanako", date(1958, 4, 9), "female", ["4311234560"], today)
    resources = [each["resource"] for bundle in bundles for each in bundle["entry"]] + bundles
    kinds = {fact.kind for each in resources for fact in facts_of(each)}
    assert {"result", "usage", "amount", "days", "way", "text", "criticality"} <= kinds


def test_a_letter_without_end_is_cut() -> None:
    section = {"title": "経過", "text": narrative("あ" * (LONGEST_VALUE + 1))}
    (first, *others) = facts_of({"resourceType": "Composition", "section": [section] * 500})
    assert len(first.value) == LONGEST_VALUE + 1
    assert first.value.endswith("…")
    assert len(others) == MOST_FACTS - 1


ELEMENTS = st.sampled_from(
    [
        "valueQuantity",
        "component",
        "dosageInstruction",
        "dispenseRequest",
        "section",
        "item",
        "reaction",
        "period",
        "code",
        "class",
        "interpretation",
        "referenceRange",
        "abatementDateTime",
        "bodySite",
        "condition",
        "valueRange",
    ]
)
NAMES = st.sampled_from(
    ["value", "unit", "text", "coding", "display", "start", "end", "low", "high", "code"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(NAMES | ELEMENTS, inner, max_size=2)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(sorted(_READERS))


@given(TYPES, st.dictionaries(ELEMENTS, JSON, max_size=3))
def test_no_body_however_odd_is_a_fault(name: str, elements: dict[str, Any]) -> None:
    for fact in facts_of({"resourceType": name, **elements}):
        assert isinstance(fact.value, str)
        assert fact.value or fact.on
