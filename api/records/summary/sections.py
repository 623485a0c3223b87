"""The sections of a patient summary, and what stands in them."""

from datetime import date
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from api.records.parse import Json

# `own`: the participant says so, or somebody for them, and no facility does.
Mark = Literal["own", "unconfirmed", "untold", "high"]


class Section(NamedTuple):
    """`code` is its LOINC code; `is_always_there` whether it stands there empty too."""

    name: str
    code: str
    display: str
    is_always_there: bool


ALLERGIES: Final = Section("allergies", "48765-2", "Allergies and adverse reactions Document", True)
MEDICINES: Final = Section("medicines", "10160-0", "History of Medication use Narrative", True)
PROBLEMS: Final = Section("problems", "11450-4", "Problem list - Reported", True)
IMMUNIZATIONS: Final = Section("immunizations", "11369-6", "History of Immunization note", True)
RESULTS: Final = Section(
    "results", "30954-2", "Relevant diagnostic tests/laboratory data note", True
)
PROCEDURES: Final = Section("procedures", "47519-4", "History of Procedures Document", True)
VITALS: Final = Section("vitals", "8716-3", "Vital signs note", False)
PAST: Final = Section("past", "11348-0", "History of Past illness note", False)
DIRECTIVES: Final = Section("directives", "42348-3", "Advance healthcare directives", False)
PREGNANCY: Final = Section("pregnancy", "10162-6", "History of pregnancies Narrative", False)
# Required ones first, then in the order of the guide.
SECTIONS: Final = (
    ALLERGIES,
    MEDICINES,
    PROBLEMS,
    IMMUNIZATIONS,
    RESULTS,
    PROCEDURES,
    VITALS,
    PAST,
    DIRECTIVES,
    PREGNANCY,
)


class Given(NamedTuple):
    """A record as it was read, with the name of the facility that wrote it."""

    record_id: UUID
    resource_type: str
    category: str
    facility_id: UUID
    is_told: bool
    on: date
    body: Json


class Source(NamedTuple):
    """Where an entry comes from."""

    record_id: UUID
    facility_id: UUID
    on: date


class Entry(Struct, frozen=True, kw_only=True):
    """What one line of the summary says. `body` is that of the newest of its sources, `others` are
    those of other facilities; `on` to `until` is the time it is about, `marks` what must be said
    with it."""

    section: str
    title: str
    on: date
    until: date | None = None
    marks: tuple[Mark, ...] = ()
    sources: tuple[Source, ...]
    body: Json
    resource_type: str
    concept: Json
    others: tuple[Json, ...] = ()


class Summary(NamedTuple):
    """Entries by the name of their section, in the order they are to be read."""

    entries: dict[str, tuple[Entry, ...]]

    @property
    def record_ids(self) -> set[UUID]:
        return {
            source.record_id
            for entries in self.entries.values()
            for entry in entries
            for source in entry.sources
        }
