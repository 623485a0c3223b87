"""One prescription, dispensing or injection, read from its record: which drug, for how long."""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.fhir.codes import GENERAL_NAME, YJ
from api.records import medicines
from api.records.mapping import codings_of, drug_of, name_of
from api.records.medicines import Course, folded_drug
from api.records.parse import Json, as_text

KINDS: Final = ("prescription", "dispensing", "injection")
_SAME: Final = 9


class Source(NamedTuple):
    """The record a supply stands in."""

    record_id: UUID
    category: str
    facility_id: UUID
    on: date
    title: str
    marks: tuple[str, ...]
    body: Json


class Supply(NamedTuple):
    """One prescription, dispensing or injection. `drug` is the same for all of one drug; `code` its
    YJ or general-name code, "" where it has neither."""

    source: Source
    name: str
    code: str
    drug: str
    usage: str
    amount: str
    course: Course

    @property
    def start(self) -> date:
        return self.course.start

    @property
    def end(self) -> date:
        """The last day it reaches."""
        return self.course.end

    @property
    def days(self) -> int | None:
        return self.course.days

    @property
    def is_as_needed(self) -> bool:
        return self.course.is_as_needed


def supplies_of(sources: Iterable[Source]) -> list[Supply]:
    """What counts as given: nothing cancelled, and nothing entered in error.

    Codes of different systems cannot be compared: a drug without a YJ or general-name code is the
    one of the same name that has one.
    """
    counted = (s for s in sources if as_text(s.body.get("status")) not in medicines.NEVER)
    read = [_supply(each) for each in counted]
    coded = sorted(
        (each for each in read if each.code),
        key=lambda each: (each.start, each.source.record_id.bytes),
    )
    drug_named = {folded_drug(each.name): each.code[:_SAME] for each in coded}
    return [
        each
        if each.code
        else each._replace(drug=drug_named.get(folded_drug(each.name), folded_drug(each.name)))
        for each in read
    ]


def _supply(source: Source) -> Supply:
    body = source.body
    concept = drug_of(body)
    code = _code(concept)
    return Supply(
        source,
        name_of(concept) or source.title,
        code,
        code[:_SAME],
        next(filter(None, map(medicines.usage_of, medicines.dosages_of(body))), ""),
        medicines.amount_of(body),
        medicines.course_of(body, source.on, is_injection=source.category == "injection"),
    )


def _code(concept: Json) -> str:
    for wanted in (YJ, GENERAL_NAME):
        for system, code, _ in codings_of(concept):
            if system == wanted and len(code) == 12:
                return code
    return ""
