"""What apps send to decide about single records, visits and shares; texts in and commands out."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from api.consent.settings.switches import (
    Command,
    HidePeriod,
    HideRecords,
    MarkRecord,
    Remove,
    SetIncomingLevel,
    Share,
)

Level = Literal["normal", "restricted", "secret"]
LEVELS: Final[tuple[Level, ...]] = ("normal", "restricted", "secret")

RecordIds = Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=500)]
Instant = Annotated[datetime, Meta(tz=True)]


class RecordsChange(Struct, tag_field="kind", tag="hide_records", forbid_unknown_fields=True):
    """Keeps these records from everyone but the facility that wrote them, or no more."""

    ids: RecordIds
    on: bool

    def command(self) -> Command:
        return HideRecords(record_ids=self.ids, on=self.on)


class PeriodChange(Struct, tag_field="kind", tag="hide_period", forbid_unknown_fields=True):
    """The same for records of care in `[from, to)`; a visit is one facility and one day."""

    on: bool
    facility_id: UUID | None = None
    data_from: date | None = None
    data_to: date | None = None
    category: Annotated[str, Meta(max_length=40)] | None = None

    def command(self) -> Command:
        return HidePeriod(
            on=self.on,
            source_facility_id=self.facility_id,
            data_from=self.data_from,
            data_to=self.data_to,
            category=self.category,
        )


class MarkChange(Struct, tag_field="kind", tag="mark", forbid_unknown_fields=True):
    """The record's sensitivity; null is as it came."""

    id: UUID
    level: Level | None

    def command(self) -> Command:
        return MarkRecord(self.id, None if self.level is None else LEVELS.index(self.level))


class IncomingLevelChange(
    Struct, tag_field="kind", tag="incoming_level", forbid_unknown_fields=True
):
    """The least sensitivity of records that arrive from now on."""

    level: Literal["normal", "restricted"]

    def command(self) -> Command:
        return SetIncomingLevel(LEVELS.index(self.level))


class ShareChange(Struct, tag_field="kind", tag="share", forbid_unknown_fields=True):
    """Opens records, or one category, to one facility or professional, at most 90 days on."""

    until: Instant
    record_ids: RecordIds | None = None
    category: Annotated[str, Meta(max_length=40)] | None = None
    facility_id: UUID | None = None
    professional_id: UUID | None = None

    def command(self) -> Command:
        return Share(
            until=self.until,
            facility_id=self.facility_id,
            professional_id=self.professional_id,
            record_ids=self.record_ids or (),
            category=self.category,
        )


class Removal(Struct, tag_field="kind", tag="remove", forbid_unknown_fields=True):
    """Ends a share, or any other rule, by its id."""

    id: Annotated[int, Meta(ge=1, le=2**31 - 1)]

    def command(self) -> Command:
        return Remove(self.id)


RecordChange = (
    RecordsChange | PeriodChange | MarkChange | IncomingLevelChange | ShareChange | Removal
)
