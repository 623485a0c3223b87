"""What an export may be asked for, how far it is, and its manifest (HL7 Bulk Data Access 2.0)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from api.records.mapping import CATEGORIES_OF_TYPE
from api.records.parse import Json

State = Literal["waiting", "running", "done", "cancelled", "failed", "expired"]

NDJSON: Final = "application/fhir+ndjson"
FORMATS: Final = ("ndjson", "application/ndjson", NDJSON)
PATIENT: Final = "Patient"
OUTCOME: Final = "OperationOutcome"
OWN_PATIENTS: Final = "own-patients"
TYPES: Final = tuple(sorted(CATEGORIES_OF_TYPE))
EMERGENCY: Final = ("BTG", "ETREAT")


class Wish(NamedTuple):
    """`types` are FHIR types, none for all; `since` leaves out what was there before."""

    types: tuple[str, ...] = ()
    since: datetime | None = None
    request_url: str = ""

    @property
    def has_patients(self) -> bool:
        return not self.types or PATIENT in self.types

    @property
    def record_types(self) -> tuple[str, ...]:
        """What is looked for among the records; a Patient is made of who the facility knows."""
        return tuple(each for each in self.types or TYPES if each != PATIENT)


class File(Struct, frozen=True):
    """One file of an export: only its first `bytes` are part of it."""

    name: str
    type: str
    count: int
    bytes: int


class Job(Struct, frozen=True, kw_only=True):
    """An export as its facility sees it."""

    export_id: UUID
    client_id: str
    started_by: str
    by_name: str
    profession: str
    types: tuple[str, ...]
    since: datetime | None
    request_url: str
    requested_at: datetime
    state: State
    started_at: datetime | None
    patients: int
    done: int
    files: tuple[File, ...]
    counts: dict[str, int]
    finished_at: datetime | None
    expires_at: datetime | None
    outdated_at: datetime | None = None

    @property
    def percent(self) -> int:
        """100 only when it is finished."""
        if self.state == "done":
            return 100
        return min(99, 100 * self.done // self.patients) if self.patients else 0

    @property
    def records(self) -> int:
        return sum(self.counts.values())


def unknown_types(types: Iterable[str]) -> list[str]:
    """Those no record here is of."""
    return [each for each in types if each not in TYPES]


def counts_of(files: Iterable[File]) -> dict[str, int]:
    """Records by type, the failures left out."""
    found: Counter[str] = Counter()
    for each in files:
        if each.type != OUTCOME:
            found[each.type] += each.count
    return dict(sorted(found.items()))


def manifest(job: Job, base_url: str) -> Json:
    """`base_url` is where its files lie."""

    def listed(files: Iterable[File]) -> list[Json]:
        return [
            {"type": each.type, "url": f"{base_url}/{each.name}", "count": each.count}
            for each in files
            if each.count
        ]

    return {
        "transactionTime": _instant(job.started_at or job.requested_at),
        "request": job.request_url,
        "requiresAccessToken": True,
        "output": listed(each for each in job.files if each.type != OUTCOME),
        "error": listed(each for each in job.files if each.type == OUTCOME),
    }


def patient(
    participant_id: UUID, identifiers: Sequence[tuple[str, str]], row: Sequence[object] | None
) -> Json:
    """FHIR R4 Patient; `row` (name, kana, sex, birth date) where that is shown."""
    wire: Json = {
        "resourceType": PATIENT,
        "id": str(participant_id),
        "identifier": [{"system": system, "value": value} for system, value in identifiers],
    }
    if not identifiers:
        del wire["identifier"]
    if row is not None:
        name, kana, sex, birth_on = row
        wire["name"] = [_name(str(name), "IDE"), _name(str(kana or ""), "SYL")]
        wire["gender"] = sex
        wire["birthDate"] = birth_on
    return wire


def outcome(text: Mapping[str, str]) -> Json:
    """That something could not be exported: of whom is not said."""
    issue = {
        "severity": "error",
        "code": "exception",
        "diagnostics": " / ".join(text.values()),
    }
    return {"resourceType": OUTCOME, "issue": [issue]}


def _name(text: str, representation: str) -> Json:
    url = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
    extension = {"url": url, "valueCode": representation}
    return {"extension": [extension], "use": "official", "text": text}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
