"""Checkups as apps read and write them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from api.phr.checkup.items import DRAWN, unit_of
from api.phr.checkup.kinds import CHECKUP
from api.phr.checkup.thresholds import EDITION, limits_of
from api.phr.entries.fields import Values
from api.phr.entries.known import known
from api.records.checkups.judging import Judged, Person, Row, points
from api.records.checkups.reading import Checkup, Source


class ValueView(Struct):
    """`number` is null for what cannot be set beside others; `code` an answer's. `position`:
    before, guidance or referral, against the published thresholds; null where none is published."""

    item: str
    text: str
    unit: str
    number: float | None
    code: str
    position: str | None
    is_worked_out: bool


class LevelView(Struct):
    """`computed`: active, motivational or information; null while `missing` may change it, and for
    ages the programme leaves out (`outside`: young or old). `told`: the code in the result itself.
    """

    computed: str | None
    told: str
    age: int
    outside: str | None
    branch: str | None
    risks: list[str]
    is_on_medicine: bool
    is_capped: bool
    missing: list[str]


class MetabolicView(Struct):
    """`computed`: met, near or not_met; null while `missing` may change it."""

    computed: str | None
    told: str
    risks: list[str]
    missing: list[str]


class CheckupView(Struct):
    """`source`: typed, file or facility; `by`: of what no facility sent, who wrote it down (`self`
    or `brought` by me, `proxy` by somebody acting for me). `place` is empty in safe mode.
    `version`: of what was typed, 0 for others. `edition`: the period of the programme whose rules
    are applied."""

    id: UUID
    on: date
    source: Source
    facility_id: UUID | None
    place: str
    program: str
    version: int
    by: str
    edition: str
    values: list[ValueView]
    level: LevelView
    metabolic: MetabolicView
    egfr_worked_out: float | None
    stage: str | None


class CheckupsView(Struct):
    """Newest first. Ask with `after` for what `next` says, null at the end."""

    checkups: list[CheckupView]
    next: str | None


class PointView(Struct):
    checkup_id: UUID
    on: date
    source: Source
    number: float
    position: str | None


class TrendView(Struct):
    """The oldest first. A threshold is null where none is published, or where it goes by sex."""

    item: str
    unit: str
    guidance: float | None
    referral: float | None
    points: list[PointView]


class CheckupWish(Struct, forbid_unknown_fields=True):
    """`values` by item, as texts: numbers in the item's unit, answers by their code; also `place`
    and `program`. `sure`: what the answer 422 gave, to say that odd values are right. `version`: of
    what is corrected. `key`: a name of the app's own; the same again adds nothing."""

    on: str
    values: dict[str, str]
    sure: str = ""
    version: int = 0
    key: Annotated[str, Meta(max_length=100)] = ""

    def fields(self) -> Values:
        """Raises `EntryFaults` for an item there is none of."""
        return {**known(CHECKUP, self.values), "on": self.on}


class CheckupWrittenView(Struct):
    id: UUID
    version: int


def view(found: Judged, *, is_safe: bool) -> CheckupView:
    checkup, level, metabolic = found.checkup, found.level, found.metabolic
    rate = found.egfr_worked_out
    return CheckupView(
        id=checkup.checkup_id,
        on=checkup.on,
        source=checkup.source,
        facility_id=None if is_safe else checkup.facility_id,
        place="" if is_safe else checkup.place,
        program=checkup.program,
        version=checkup.version,
        by=checkup.by,
        edition=EDITION,
        values=[_value(row) for row in found.rows],
        level=LevelView(
            computed=level.level,
            told=found.told_level,
            age=level.age,
            outside=level.outside,
            branch=level.branch,
            risks=list(level.risks),
            is_on_medicine=level.is_on_medicine,
            is_capped=level.is_capped,
            missing=list(level.missing),
        ),
        metabolic=MetabolicView(
            metabolic.found, found.told_metabolic, list(metabolic.risks), list(metabolic.missing)
        ),
        egfr_worked_out=None if rate is None else float(rate),
        stage=found.stage,
    )


def trend_view(checkups: list[Checkup], item: str, person: Person) -> TrendView:
    assert item in DRAWN
    limits = limits_of(item, person.sex)
    referral = None if limits is None else limits.referral
    return TrendView(
        item=item,
        unit=unit_of(item),
        guidance=None if limits is None else float(limits.guidance),
        referral=None if referral is None else float(referral),
        points=[
            PointView(
                each.checkup.checkup_id,
                each.checkup.on,
                each.checkup.source,
                float(each.number),
                each.position,
            )
            for each in points(checkups, item, person)
        ],
    )


def _value(row: Row) -> ValueView:
    number = row.value.number
    return ValueView(
        item=row.name,
        text=row.value.text,
        unit=row.value.unit,
        number=None if number is None else float(number),
        code=row.value.code,
        position=row.position,
        is_worked_out=row.is_worked_out,
    )
