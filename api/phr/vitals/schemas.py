"""Measurements as apps write and read them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.phr.vitals.samples import MOST_SAMPLES

KindName = Literal[
    "blood-pressure", "pulse", "weight", "glucose", "hba1c", "steps", "temperature", "oxygen"
]
Number = str | int | float
Values = Annotated[dict[str, Number], Meta(max_length=10)]
_Text = Annotated[str, Meta(max_length=40)]


class MeasurementView(Struct):
    """`values` are texts, in the kind's own units; `time` is Japan's, null where only the day is
    known. `by`: self, proxy or device."""

    id: UUID
    kind: KindName
    version: int
    on: date
    time: str | None
    values: dict[str, str]
    by: str
    device: str
    written_at: datetime


class Entries(Struct):
    """Newest day first. Ask with `after` for what `next` says, null at the end."""

    entries: list[MeasurementView]
    next: str | None


class NewEntry(Struct, forbid_unknown_fields=True):
    """`sure` says yes to odd values, as a 422 before gave it. `key`: a name of the app's own; the
    same again adds nothing."""

    kind: KindName
    on: _Text
    values: Values
    time: _Text = ""
    sure: Annotated[str, Meta(max_length=100)] = ""
    key: Annotated[str, Meta(max_length=100)] = ""


class Correction(Struct, forbid_unknown_fields=True):
    """`version` is the one that was shown. `kind` and `key` may be named as they were
    written: they stay."""

    version: int
    on: _Text
    values: Values
    time: _Text = ""
    sure: Annotated[str, Meta(max_length=100)] = ""
    kind: KindName | None = None
    key: Annotated[str, Meta(max_length=100)] = ""


class SampleSent(Struct, forbid_unknown_fields=True):
    """`id` is the device's or app's own name for it, always the same for the same sample of a kind.
    Times as RFC 3339 with an offset; `edited_at` is when it was last changed there."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]
    kind: _Text
    measured_at: _Text
    values: Values
    edited_at: _Text = ""
    device: Annotated[str, Meta(max_length=100)] = ""


class Batch(Struct, forbid_unknown_fields=True):
    """`device` holds for all samples that name none."""

    samples: Annotated[list[SampleSent], Meta(min_length=1, max_length=MOST_SAMPLES)]
    device: Annotated[str, Meta(max_length=100)] = ""


class SampleAnswer(Struct, omit_defaults=True):
    """`reason` and `field` say why one was refused or not changed; `text` in the reader's words."""

    id: str
    status: Literal["created", "changed", "unchanged", "conflict", "refused"]
    entry: UUID | None = None
    reason: str = ""
    field: str = ""
    text: str = ""


class BatchAnswer(Struct):
    """In the order of the samples."""

    samples: list[SampleAnswer]


class FiguresView(Struct):
    """`mean` is that of the days' means, rounded to a tenth more than the field is written with."""

    count: int
    days: int
    mean: str
    low: str
    high: str


class PeriodView(FiguresView):
    since: date
    until: date


class SummaryView(Struct):
    """`group`: "" for all; of blood pressure and pulse morning (4 to 12 o'clock), evening (17
    to 24) or day; of glucose the meal."""

    field: str
    group: str
    unit: str
    whole: FiguresView
    periods: list[PeriodView]


class FileLineView(Struct):
    """A line beside blood pressure, of a guideline's edition; `is_home`: of home measurements."""

    name: str
    systolic: int
    diastolic: int
    edition: str
    is_home: bool


class Summaries(Struct):
    """`lines` only with blood pressure. Context, no judgement. `is_cut`: more was asked for than
    is counted at once; then `since` is the first day that is counted."""

    kind: KindName
    since: date
    until: date
    is_cut: bool
    summaries: list[SummaryView]
    lines: list[FileLineView]


class ColumnView(Struct):
    """`meaning` is empty where `why` (unknown, unit, twice) says why the column is left out."""

    heading: str
    meaning: str
    why: str


class FileDraftView(Struct):
    """`is_held`: stored already, or in an earlier line. `is_odd`: outside of what is usual."""

    kind: KindName
    values: dict[str, str]
    is_odd: bool
    is_held: bool


class FaultView(Struct):
    column: str
    text: str


class ImportLine(Struct):
    number: int
    entries: list[FileDraftView]
    faults: list[FaultView]


class Preview(Struct):
    """Nothing is stored. Counts are of the whole file, `lines` of the page asked for."""

    columns: list[ColumnView]
    new: int
    held: int
    faulty: int
    lines: list[ImportLine]
    has_more: bool


class ImportKept(Struct):
    """`id` takes all of it back."""

    id: UUID
    added: int
    held: int
    faulty: int
