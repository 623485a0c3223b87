"""What clients are generated from keeps its names: operations, and the shapes they speak of."""

from collections import Counter
from typing import Final

import pytest

from tests.client.schema import Json, lines, operations, published, schema_at
from tests.serving import Served

# Two classes of one name are told apart by their modules, and both names move when a third comes:
# give a new view a name of its own instead. These were there before.
TWINS: Final = {
    "card_routes_ChoiceView",
    "checkup_xml_routes_PreviewView",
    "consent_exchange_routes_Receipts",
    "identity_keys_own_routes_SessionView",
    "identity_schemas_Token",
    "previewing_routes_PreviewView",
    "records_asking_routes_Answers",
    "records_emergency_routes_SessionView",
    "routes_ChoiceView",
    "support_notice_address_routes_Token",
    "support_receipt_routes_Answers",
    "support_receipt_routes_Receipts",
}


@pytest.fixture(scope="module")
def schema(served: Served) -> Json:
    return schema_at(served.url)


def test_every_operation_has_a_name_of_its_own(schema: Json) -> None:
    named = Counter(name for name, _, _ in operations(schema))
    assert [name for name, count in named.items() if count > 1] == []


def test_no_operation_that_was_published_has_gone_or_changed_its_name(schema: Json) -> None:
    assert sorted(published() - lines(schema)) == []


def test_shapes_have_names_of_their_own(schema: Json) -> None:
    assert {name for name in schema["components"]["schemas"] if "_" in name} == TWINS
