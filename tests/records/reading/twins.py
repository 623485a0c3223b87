"""Two people alike to whoever asks: one has records kept from them, the other has none."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from api.access_log import receipts
from api.consent.lifecycle import dwelling
from api.consent.settings.switches import (
    HidePeriod,
    HideRecords,
    MarkRecord,
    SetCategory,
    SetCell,
    SetFacility,
)
from api.core.ids import uuid7
from tests.portal.scene import Place
from tests.records.reading.scene import (
    CRP,
    HBA1C,
    Emr,
    Json,
    Someone,
    World,
    condition,
    lab,
    linked,
    prescription,
    report,
    someone,
    to,
    visit,
)

HIV = "5F500000002306201"


@dataclass(frozen=True)
class Twin:
    """`shown` are ids of records that are seen; `kept` of those that are not, or of nothing."""

    who: Someone
    shown: Sequence[UUID]
    kept: Sequence[UUID]


Way = Callable[[Someone, Sequence[UUID], Place], Awaitable[None]]


async def by_category(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await who.wants(SetCategory("condition", on=False))


async def by_profession(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await who.wants(SetCell("deny", profession="physician", category="condition"))


async def by_facility(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await who.wants(SetCell("deny", source_facility_id=other.facility_id))


async def by_sensitivity(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    """As they came: a restricted result, and what is granted is the normal level."""


async def by_mark(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    for record_id in kept:
        await who.wants(MarkRecord(record_id, 2))


async def one_by_one(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    if kept:
        await who.wants(HideRecords(tuple(kept), on=True))


async def by_period(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await who.wants(HidePeriod(on=True, data_from=date(2025, 3, 1), data_to=date(2025, 4, 1)))


async def by_age(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await dwelling.show_from(who.actor, date(2025, 6, 1))


async def altogether(who: Someone, kept: Sequence[UUID], other: Place) -> None:
    await who.wants(SetFacility(who.world.clinic.facility_id, on=False))


def labs(**changes: Any) -> list[Json]:
    return [lab(f"kept-{n}", f"2025-03-1{n}", **changes) for n in range(4)]


def conditions() -> list[Json]:
    return [condition(f"kept-{n}", f"2026-01-0{n + 1}") for n in range(4)]


# What is kept, and how. `by_facility`: another hospital wrote it.
WAYS: dict[str, tuple[Way, list[Json]]] = {
    "category": (by_category, conditions()),
    "profession": (by_profession, conditions()),
    "facility": (by_facility, labs()),
    "sensitivity": (by_sensitivity, labs(code=HIV)),
    "mark": (by_mark, labs()),
    "single record": (one_by_one, labs()),
    "period": (by_period, labs()),
    "age": (by_age, labs()),
    "altogether": (altogether, labs()),
}
SHOWN = [
    lab("shown-0", "2026-01-05"),
    lab("shown-1", "2026-01-06T09:00:00+09:00", CRP),
    prescription("shown-2", "2026-01-07"),
    lab("shown-3", "2026-01-08"),
    lab("shown-3", "2026-01-08", status="amended"),
]


async def twins(world: World, other: Place, way: str) -> tuple[Twin, Twin]:
    """The first has what is kept, between what is shown, and a second version of one of them."""
    keep, records = WAYS[way]
    by = other if way == "facility" else None
    shown = [] if way == "altogether" else SHOWN
    full, bare = await someone(world), await someone(world)
    kept: list[UUID] = []
    seen: tuple[list[UUID], list[UUID]] = ([], [])
    for number in range(max(len(shown), len(records))):
        for one in records[number : number + 1]:
            kept += await full.has(one, by=by)
            if number == 1:
                await full.has({**one, "note": [{"text": "x"}]}, by=by)
        for one in shown[number : number + 1]:
            for place, who in enumerate((full, bare)):
                seen[place].extend(await who.has(one))
    absent = [uuid7() for _ in kept]
    for place, (who, named) in enumerate(((full, kept), (bare, absent)) if shown else ()):
        seen[place].extend(await who.has(*_naming(named, seen[place][0])))
    await keep(full, kept, other)
    await keep(bare, [], other)
    return Twin(full, seen[0], kept), Twin(bare, seen[1], absent)


def _naming(kept: Sequence[UUID], shown: UUID) -> list[Json]:
    """Records that are seen, and name some that are not, or are nowhere."""
    found = [{"condition": to("Condition", each)} for each in kept]
    return [
        report("shown-4", "2026-01-09", [kept[0], shown, *kept[1:]]),
        visit("shown-5", "2026-01-09", diagnosis=found),
        lab("shown-6", "2026-01-09", hasMember=[to("Observation", each) for each in kept]),
    ]


Question = tuple[str, str, list[tuple[str, object]], dict[str, str]]


def questions(twin: Twin) -> list[Question]:
    """Every kind of request there is about somebody, and about a record that is not to be seen."""
    whom = ("patient", twin.who.id)
    card = f"urn:tsunagu:card|{twin.who.card.digits}"
    found: list[Question] = []

    def ask(path: str, *pairs: tuple[str, object], method: str = "GET", **headers: str) -> None:
        wire = {name.replace("_", "-"): value for name, value in headers.items()}
        found.append((method, path, list(pairs), wire))

    for pairs in (
        [],
        [("_count", 1)],
        [("_count", 2), ("_sort", "date")],
        [("_count", 2), ("_sort", "-date")],
        [("_count", 3), ("_sort", "_lastUpdated")],
        [("_count", 1), ("_sort", "-_lastUpdated")],
        [("_summary", "count")],
        [("_summary", "true")],
        [("_elements", "status")],
        [("_total", "none"), ("_count", 1)],
        [("code", HBA1C)],
        [("code", HIV)],
        [("category", "lab"), ("date", "ge2025")],
        [("category", "condition")],
        [("date", "2025-03"), ("_count", 1)],
        [("_lastUpdated", "gt2020")],
        [("identifier", "kept-0")],
        [("status", "final"), ("_count", 1)],
        [("_id", ",".join(map(str, [*twin.kept, *twin.shown[:1]])))],
        [("_id", twin.kept[1])],
        [("_has", "x")],
        [("_include", "Observation:performer")],
        [("_revinclude", "x")],
        [("unknown", "x")],
    ):
        ask("/Observation", whom, *pairs)
        if not pairs or pairs[0][0] in ("_count", "category", "_id"):
            ask("", whom, *pairs)
            ask("/Condition", whom, *pairs)
    along = ("_include", "*:result"), ("_include", "*:diagnosis"), ("_include", "*:has-member")
    for pairs in ([], [("_count", 1)], [("_sort", "date"), ("_count", 2)], [("_summary", "true")]):
        ask("/DiagnosticReport", whom, ("_include", "DiagnosticReport:result"), *pairs)
        ask("/Encounter", whom, ("_include", "Encounter:diagnosis"), *pairs)
        ask("/Observation", whom, ("_include", "Observation:has-member"), *pairs)
        ask("/Observation", whom, ("_include", "Observation:patient"), *pairs)
        ask("", whom, *along, ("_include", "*:patient"), *pairs)
    ask("/Observation", ("patient.identifier", card))
    ask("/Observation", ("patient:identifier", card), ("_count", 1))
    ask("/Observation", whom, ("odd", "x"), prefer="handling=lenient")
    ask("/Patient", ("identifier", card))
    ask("/Patient", ("_id", twin.who.id))
    ask(f"/Patient/{twin.who.id}")
    for pairs in (
        [],
        [("_count", 1)],
        [("_count", 2), ("start", "2025-03-01")],
        [("end", "2025-12-31")],
        [("_since", "2020-01-01"), ("_type", "Observation,Condition")],
        [("_type", "Patient")],
    ):
        ask(f"/Patient/{twin.who.id}/$everything", *pairs)
    for record_id in (*twin.shown[-1:], *twin.kept[1:2]):
        for name in ("Observation", "Condition"):
            path = f"/{name}/{record_id}"
            ask(path)
            ask(path, method="HEAD")
            ask(path, if_none_match="*")
            ask(path, if_none_match='W/"1"')
            ask(path, if_modified_since="Sun, 29 Nov 2099 00:00:00 GMT")
            ask(f"{path}/_history")
            ask(f"{path}/_history", ("_count", 1))
            ask(f"{path}/_history/1")
            ask(f"{path}/_history/2")
            ask(f"{path}/_history/1", method="HEAD")
            ask(f"{path}/$everything")
    return found


async def answers(emr: Emr, question: Question) -> list[str]:
    """All that came back, page after page, but for what no two people share."""
    method, path, pairs, headers = question
    params = [(name, str(value)) for name, value in pairs]
    answer = await emr.send(method, path, params=params, headers=headers)
    found = []
    while True:
        head = "\n".join(f"{name}: {value}" for name, value in sorted(answer.headers.items()))
        found.append(_bare(f"{answer.status_code}\n{head}\n\n{answer.text}"))
        if answer.status_code != 200 or method == "HEAD":
            return found
        following = linked(answer.json(), "next") if "link" in answer.json() else None
        if following is None:
            return found
        answer = await emr.http.get(following, headers=emr.headers)


def _bare(text: str) -> str:
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"(last-modified|date): .*", r"\1: TIME", text)
    text = re.sub(r"\b\d{16}\b", "CARD", text)
    text = re.sub(r'("commit":)"[^"]+"', r"\1HASH", text)
    text = re.sub(rf"{receipts.HEADER.lower()}: (\S+)", _by_length, text)
    return re.sub(r"(?<=_page=)([\w-]+)", _by_length, text)


def _by_length(matched: re.Match[str]) -> str:
    return f"{len(matched[0])} CHARACTERS"
