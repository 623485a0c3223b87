"""What somebody takes out of their own: how far it is, and what stands in which chapter."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

State = Literal["waiting", "running", "done", "cancelled", "failed", "expired"]
Form = Literal["fhir", "csv", "pdf"]

FORMS: Final[tuple[Form, ...]] = ("fhir", "csv", "pdf")
KEPT_FOR: Final = timedelta(days=7)
# A Bundle larger than this goes on in another file: with one more record, ten megabytes at most,
# and the entries that others hang on, each can be brought in.
PART_BYTES: Final = 20_000_000
MOST_TRIES: Final = 3
MOST_A_DAY: Final = 24

MEDIA_TYPES: Final[Mapping[Form, str]] = MappingProxyType(
    {"fhir": "application/fhir+json", "csv": "application/zip", "pdf": "application/pdf"}
)
SUFFIXES: Final[Mapping[Form, str]] = MappingProxyType(
    {"fhir": "fhir.json", "csv": "csv.zip", "pdf": "pdf"}
)

# The booklet's chapters in their order, and the categories of records that stand in each.
CHAPTERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "me": ("basic", "insurance", "condition", "infection"),
        "pregnancy": ("maternal",),
        "children": ("child",),
        "vaccinations": ("immunization",),
        "checkups": ("checkup", "dental"),
        "measurements": ("vitals", "lab", "imaging"),
        "medicines": ("prescription", "dispensing", "injection", "allergy", "contraindication"),
        "care": ("encounter", "procedure", "document", "care"),
        "wishes": ("directive",),
    }
)
# What no chapter names stands in this one: nothing is left out.
OTHERS: Final = "care"


class File(Struct, frozen=True):
    """`bytes` are those of its content, not of what lies on the disk. `part`: of a Bundle that
    goes on in several files, which one; `called` is what it is asked for by."""

    form: Form
    name: str
    records: int
    bytes: int
    part: int = 1

    @property
    def called(self) -> str:
        return self.form if self.part == 1 else f"{self.form}-{self.part}"


class Job(Struct, frozen=True, kw_only=True):
    """`stage` is the category that is being written."""

    export_id: UUID
    state: State
    requested_at: datetime
    stage: str
    done: int
    total: int
    files: tuple[File, ...]
    finished_at: datetime | None
    expires_at: datetime | None

    @property
    def percent(self) -> int:
        """100 only when it can be fetched."""
        if self.state == "done":
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "running")

    def is_ready(self, now: datetime) -> bool:
        return self.state == "done" and self.expires_at is not None and now < self.expires_at

    def file(self, called: str) -> File | None:
        return next((each for each in self.files if each.called == called), None)

    def parts(self, form: Form) -> int:
        return sum(each.form == form for each in self.files)


def chapter_of(category: str) -> str:
    """Where a record of this category stands."""
    for chapter, categories in CHAPTERS.items():
        if category in categories:
            return chapter
    return OTHERS


def in_order(categories: Mapping[str, int]) -> list[str]:
    """Chapter by chapter; inside one as it names them, then what it does not name."""
    chapters = list(CHAPTERS)

    def place(category: str) -> tuple[int, int, str]:
        chapter = chapter_of(category)
        named = CHAPTERS[chapter]
        within = named.index(category) if category in named else len(named)
        return chapters.index(chapter), within, category

    return sorted(categories, key=place)


def file_name(form: Form, day: str, part: int = 0) -> str:
    """`part`: where there are several."""
    numbered = f"-{part}" if part else ""
    return f"tsunagu-my-record-{day}{numbered}.{SUFFIXES[form]}"
