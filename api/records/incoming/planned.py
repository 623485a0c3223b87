"""What planning a body comes to: the records to store, and what is wrong with it."""

from typing import Literal

import msgspec

from api.records.incoming.conditions import UNCONDITIONAL, Conditions
from api.records.mapping import Classified
from api.records.parse import Fault, Json, encode

Kind = Literal["single", "document", "collection", "transaction", "batch"]


class PlannedItem(msgspec.Struct, frozen=True):
    """One record to store. `position` is its place in the Bundle, None when it stands alone.

    `content_name` is what a record without a name of its own is known by. A part is what a document
    was taken apart into.
    """

    resource: Json
    classified: Classified
    position: int | None = None
    full_url: str = ""
    action: Literal["create", "update"] = "create"
    resource_id: str | None = None
    conditions: Conditions = UNCONDITIONAL
    content_name: str = ""
    is_part: bool = False

    @property
    def text(self) -> str:
        return encode(self.resource)


class Plan(msgspec.Struct, frozen=True):
    """`folded` are the entries that live on inside the records that refer to them. Of a document
    the first item is the document, the others its parts; `people` are its names for its person."""

    kind: Kind
    items: tuple[PlannedItem, ...] = ()
    faults: tuple[Fault, ...] = ()
    folded: tuple[int, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def is_all_or_nothing(self) -> bool:
        return self.kind != "batch"
