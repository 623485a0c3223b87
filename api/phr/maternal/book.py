"""One pregnancy as it is shown: what was written, what is ahead, and what the figures say."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.phr import slack
from api.phr.entries.leaps import Leaps, Point
from api.phr.maternal import checks, dates, fetal, kinds, readings, schedule, weight
from api.phr.maternal.dates import Gestation
from api.phr.maternal.fetal import Placed
from api.phr.maternal.readings import Note
from api.phr.maternal.schedule import Done, Due, Visit
from api.phr.maternal.weight import Advice

State = Literal["open", "born", "closed"]
SEXES: Final = ("female", "male", "unknown")


class Written(NamedTuple):
    """An entry. `by`: the participant, somebody acting for them, or a device."""

    entry_id: UUID
    kind: str
    version: int
    on: date
    values: Mapping[str, str]
    by: str
    written_at: datetime


class Weighed(NamedTuple):
    on: date
    at: Gestation
    kilograms: Decimal


class Measured(NamedTuple):
    """`grams` as told, or else of the lengths; `fetus` is "" for an only one."""

    on: date
    at: Gestation
    grams: int
    is_told: bool
    placed: Placed | None
    fetus: str


class Newborn(NamedTuple):
    """What a child's book begins with; nothing where nothing was written."""

    sex: str
    born_on: date
    weight_g: Decimal | None
    length_cm: Decimal | None
    head_cm: Decimal | None
    weeks: int
    days: int


class Book(NamedTuple):
    """`entries` are the newest first, without the birth and the newborns."""

    head: Written
    due_on: date
    state: State
    entries: tuple[Written, ...]
    birth: Written | None
    newborns: tuple[Written, ...]

    @property
    def id(self) -> UUID:
        return self.head.entry_id

    @property
    def whole(self) -> list[Written]:
        """All that was written of it, the pregnancy itself first."""
        return [self.head, *self.entries, *self.newborns, *([self.birth] if self.birth else [])]

    @property
    def begin_on(self) -> date:
        return dates.begin_of(self.due_on)

    def at(self, on: date) -> Gestation | None:
        return dates.gestation(self.due_on, on)

    def of(self, kind: str) -> list[Written]:
        return [each for each in self.entries if each.kind == kind]

    def visits(self, today: date) -> list[Visit]:
        days = (each.on for each in self.of(kinds.VISIT.name))
        return schedule.visits(self.due_on, days, today)

    def tests(self, today: date) -> list[Due]:
        """An ultrasound or a blood count that was written by its values is done as well."""
        return schedule.tests(self.due_on, _done(self.entries), today)

    def weights(self) -> list[Weighed]:
        """The oldest first."""
        found = [
            Weighed(each.on, at, Decimal(each.values["weight"]))
            for each in self.of(kinds.VISIT.name)
            if each.values.get("weight") and (at := self.at(each.on))
        ]
        return sorted(found)

    @property
    def leaps(self) -> Leaps:
        """What a weight is beside the others: after the birth it may be far from them."""
        before = self.head.values.get("weight_before")
        births = [self.birth.on] if self.birth else []
        begun = Point(self.begin_on, Decimal(before)) if before else None
        return slack.adult(births, begun, is_of_book=True)

    def advice(self) -> tuple[Decimal, Advice] | None:
        """The body mass index before, and the advice for it; of one child alone."""
        if self.has_several:
            return None
        height, before = (self.head.values.get(name) for name in ("height", "weight_before"))
        if not height or not before:
            return None
        sizes = Decimal(before), Decimal(height)
        return weight.bmi(*sizes), weight.advice(*sizes)

    @property
    def has_several(self) -> bool:
        return self.head.values.get("babies", "1") != "1"

    def measured(self) -> list[Measured]:
        """The oldest first."""
        found = [
            one
            for each in self.of(kinds.ULTRASOUND.name)
            if (at := self.at(each.on)) and (one := _measured(each, at))
        ]
        return sorted(found, key=lambda each: (each.on, each.fetus))

    @property
    def living(self) -> list[Written]:
        """The newborns a child's book can begin with."""
        return [each for each in self.newborns if not each.values.get("is_parted")]

    @property
    def is_quiet(self) -> bool:
        """Closed, or without a living child: what is read in it asks for nothing any more."""
        return self.state == "closed" or bool(self.newborns and not self.living)

    def newborn(self, number: int) -> Newborn | None:
        found = [each for each in self.living if each.values.get("number") == str(number)]
        if not found or self.birth is None:
            return None
        values = found[0].values
        at = self.at(self.birth.on) or Gestation(0, 0)
        return Newborn(
            sex=values.get("sex", "unknown"),
            born_on=self.birth.on,
            weight_g=_number(values, "weight"),
            length_cm=_number(values, "length"),
            head_cm=_number(values, "head"),
            weeks=at.weeks,
            days=at.days,
        )

    def missing(self) -> list[int]:
        """The newborns that are not yet written."""
        if self.birth is None:
            return []
        there = {each.values.get("number") for each in self.newborns}
        numbers = range(1, int(self.birth.values.get("babies", "1")) + 1)
        return [each for each in numbers if str(each) not in there]


def book_of(head: Written, entries: Iterable[Written]) -> Book | None:
    """Nothing of an entry without a day to count from."""
    due_on = dates.due_in(head.values)
    if due_on is None:
        return None
    known = list(entries)
    births = [each for each in known if each.kind == kinds.BIRTH.name]
    newborns = [each for each in known if each.kind == kinds.NEWBORN.name]
    others = [each for each in known if each not in births and each not in newborns]
    state: State = "born" if births else "open"
    if head.values.get("is_closed"):
        state = "closed"
    return Book(
        head=head,
        due_on=due_on,
        state=state,
        entries=tuple(sorted(others, key=lambda each: (each.on, each.written_at), reverse=True)),
        birth=births[0] if births else None,
        newborns=tuple(sorted(newborns, key=lambda each: each.values.get("number", ""))),
    )


def notes_of(entry: Written) -> list[Note]:
    return readings.notes(entry.values)


def _done(entries: Iterable[Written]) -> list[Done]:
    found = []
    for each in entries:
        found += [Done(test, each.on) for test in each.values.get("tests", "").split()]
        if each.kind == kinds.ULTRASOUND.name:
            found.append(Done("ultrasound", each.on))
        if each.values.get("haemoglobin"):
            found.append(Done("blood_count", each.on))
        if any(each.values.get(name) for name in readings.GLUCOSE):
            found.append(Done("blood_glucose", each.on))
    return found


def _measured(entry: Written, at: Gestation) -> Measured | None:
    told = entry.values.get("weight_told", "")
    grams = int(Decimal(told)) if told else checks.estimate_of(entry.values)
    if grams is None:
        return None
    fetus = entry.values.get("fetus", "")
    return Measured(entry.on, at, grams, bool(told), fetal.placed(grams, at), fetus)


def _number(values: Mapping[str, str], name: str) -> Decimal | None:
    return Decimal(values[name]) if values.get(name) else None
