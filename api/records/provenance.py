"""Who says so: a facility, or the participant's own book; by hand, for them, or by a device.

The source of the record decides, which nobody outside can claim: what a sender writes into a
resource of its own says nothing about it.
"""

from typing import Final, Literal
from uuid import UUID

from api.phr.entries.kinds import PROVENANCE
from api.records.mapping import name_of
from api.records.parse import Json, as_object, as_objects, as_text

# The source of all that participants bring themselves, `app.self_source()`.
OWN_SOURCE: Final = UUID("00000000-0000-7000-8000-000000000001")

# The element that names what somebody wrote of themselves.
_NAMED_BY: Final = {
    "AllergyIntolerance": "code",
    "CareTeam": "name",
    "MedicationStatement": "medicationCodeableConcept",
}

# A file brought along was written elsewhere: it is neither an entry nor a sending of a facility.
By = Literal["", "self", "proxy", "device", "brought"]
_TAGGED: Final[dict[str, By]] = {"self": "self", "proxy": "proxy", "device": "device"}


def by_of(facility_id: UUID, body: Json) -> By:
    """ "" for what a facility sent. Without its body an own record is the participant's entry."""
    if facility_id != OWN_SOURCE:
        return ""
    if not body:
        return "self"
    for tag in as_objects(as_object(body.get("meta")).get("tag")):
        if as_text(tag.get("system")) == PROVENANCE:
            return _TAGGED.get(as_text(tag.get("code")), "self")
    return "brought"


def by_tag(facility_id: UUID, code: str | None) -> By:
    """As `by_of`, of what the tag says; None where there is none."""
    if facility_id != OWN_SOURCE:
        return ""
    return "brought" if code is None else _TAGGED.get(code, "self")


def title_of(facility_id: UUID, body: Json, title: str) -> str:
    """What a participant entered lies under the title of its kind, which says nothing; once it is
    opened it goes by the name they gave it."""
    element = _NAMED_BY.get(as_text(body.get("resourceType")))
    if facility_id != OWN_SOURCE or element is None:
        return title
    return name_of(body.get(element)) or title


def is_of_somebody_else(body: Json) -> bool:
    """A child's, in the book of whoever keeps it: never one of the participant's own values."""
    return bool(body.get("focus"))
