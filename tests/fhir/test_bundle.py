"""Bundles are spliced from stored text and must be what a careful builder would have built."""

import json

from hypothesis import given
from hypothesis import strategies as st

from api.fhir.bundle import Written, entry_text, searchset_bytes, written_bundle

BASE = "https://tsunagu.example/fhir/R4"


def _built(resources: list[dict[str, object]], total: int | None) -> dict[str, object]:
    bundle: dict[str, object] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "self", "url": f"{BASE}/Condition?patient=1"}],
    }
    if total is not None:
        bundle["total"] = total
    if resources:
        bundle["entry"] = [
            {
                "fullUrl": f"{BASE}/Condition/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in resources
        ]
    return bundle


@given(
    st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), max_size=4),
    st.none() | st.integers(0, 9),
)
def test_a_spliced_searchset_equals_the_built_one(notes: list[str], total: int | None) -> None:
    resources: list[dict[str, object]] = [
        {"resourceType": "Condition", "id": str(n), "note": [{"text": note}]}
        for n, note in enumerate(notes)
    ]
    texts = [
        entry_text(BASE, "Condition", str(each["id"]), json.dumps(each, ensure_ascii=False))
        for each in resources
    ]
    spliced = searchset_bytes(BASE, "Condition?patient=1", texts, total)
    assert json.loads(spliced) == _built(resources, total)
    assert searchset_bytes(BASE, "Condition?patient=1", ",".join(texts).encode(), total) == spliced


def test_an_empty_searchset_has_no_entry_and_says_no_count_unasked() -> None:
    assert json.loads(searchset_bytes(BASE, "Condition?patient=1", [], None)) == _built([], None)


def test_stored_decimals_leave_as_they_came() -> None:
    text = entry_text(BASE, "Observation", "1", '{"valueQuantity":{"value":1.50}}')
    assert b'"value":1.50}' in searchset_bytes(BASE, "Observation?patient=1", [text], 1)


def test_a_next_page_is_linked() -> None:
    spliced = json.loads(searchset_bytes(BASE, "Condition?patient=1", [], 0, "Condition?page=2"))
    assert spliced["link"][1] == {"relation": "next", "url": f"{BASE}/Condition?page=2"}


def test_a_transaction_is_answered_entry_by_entry() -> None:
    answer = written_bundle(
        "transaction", [Written("201 Created", location="Condition/1/_history/1", etag='W/"1"')]
    )
    assert answer == {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [
            {
                "response": {
                    "status": "201 Created",
                    "location": "Condition/1/_history/1",
                    "etag": 'W/"1"',
                }
            }
        ],
    }
