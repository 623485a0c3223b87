"""What the demo's people wrote in their books: each a story one can read on.

Hanako measures her blood pressure, and her scale sends her weight. Yumi has a child and expects
another. Tarō keeps his medicines and says what he wants, should he be unable to speak. Read once,
while a demo is prepared; a later start does not load this.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr.child import service as children
from api.phr.child import writing as growing
from api.phr.directives import service as directives
from api.phr.directives.people import Person
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.immunization import service as immunizations
from api.phr.maternal import kinds as maternal
from api.phr.maternal import service as pregnancies
from api.phr.maternal.service import Asked
from api.phr.notes import kinds as notes
from api.phr.vitals import kinds as vitals

MORNINGS: Final = 60
# Upper, lower and pulse of a week's mornings; over the weeks they come down a little.
_MORNINGS: Final = (
    (142, 88, 70), (138, 86, 72), (140, 85, 68), (136, 84, 71),
    (144, 90, 74), (137, 83, 69), (134, 82, 70),
)  # fmt: skip
WEEKS: Final = 26
# Week, weight, pressure, height of the womb and girth of a pregnancy's visits.
_VISITS: Final = (
    (9, "52.4", 112, 68, "", ""), (13, "52.9", 110, 66, "", ""),
    (17, "54.0", 114, 70, "13.5", "74"), (21, "55.6", 116, 70, "18", "77.5"),
    (25, "57.3", 118, 72, "22.5", "81"),
)  # fmt: skip
# Week, head, belly and thigh of the child, in millimetres.
_ULTRASOUNDS: Final = ((21, "50", "155", "34"), (25, "63", "200", "44"))
CHILD_DAYS: Final = 670
# Day of life, weight, height and head of a girl who grows along the middle lines.
GROWN: Final = (
    (32, "4.1", "53.5", "36.8"), (95, "6.1", "60.2", "39.9"), (190, "7.5", "66.0", "42.4"),
    (290, "8.3", "70.1", "43.9"), (380, "8.9", "73.8", "44.8"), (560, "10.3", "80.5", "46.2"),
)  # fmt: skip
# Vaccine and days of life.
_DOSES: Final = (
    ("dpt-ipv-hib", (62, 92, 122, 400)), ("pcv", (62, 92, 122, 372)), ("hbv", (62, 92, 235)),
    ("rota1", (62, 92)), ("bcg", (165,)), ("mr", (370,)), ("varicella", (370, 560)),
)  # fmt: skip


async def fill(actors: Mapping[str, Actor]) -> None:
    """Of people by their key in the cast."""
    today = clock.today_in_japan()
    await _write(actors["hanako"], [*_pressures(today), *_weights(today)])
    await _pregnancy(actors["yumi"], today)
    await _child(actors["yumi"], today)
    await _write(actors["taro"], [*_notes(today)])
    await _wishes(actors["taro"])


async def _write(actor: Actor, wishes: list[Wish]) -> None:
    async with unit_of_work(actor) as tx:
        await entries.write_all_in(tx, actor, wishes)


def _pressures(today: date) -> Iterator[Wish]:
    for day in range(MORNINGS):
        on = today - timedelta(days=MORNINGS - day)
        upper, lower, pulse = _MORNINGS[day % len(_MORNINGS)]
        less = day // 12
        yield Wish(
            vitals.PRESSURE,
            {
                "on": on.isoformat(),
                "time": "07:00",
                "systolic": str(upper - less),
                "diastolic": str(lower - less // 2),
                "pulse": str(pulse),
            },
            is_sure=True,
        )


def _weights(today: date) -> Iterator[Wish]:
    for week in range(WEEKS):
        on = today - timedelta(weeks=WEEKS - week)
        grams = 61_800 - 90 * week + 300 * (week % 3)
        yield Wish(
            vitals.WEIGHT,
            {"on": on.isoformat(), "time": "06:45", "weight": f"{grams / 1000:.1f}"},
            by="device",
            device="体重計（デモ）",
            key=f"demo-{week}",
            is_sure=True,
        )


async def _pregnancy(yumi: Actor, today: date) -> None:
    """In its twenty-eighth week."""
    begun = today - timedelta(weeks=27, days=2)
    told_on = begun + timedelta(weeks=9)
    book = await pregnancies.begin(
        yumi,
        Asked(
            {
                "on": told_on.isoformat(),
                "lmp": begun.isoformat(),
                "height": "158",
                "weight_before": "51.5",
                "babies": "1",
            }
        ),
    )
    wishes = []
    for week, weight, upper, lower, womb, girth in _VISITS:
        fields = {
            "on": (begun + timedelta(weeks=week, days=1)).isoformat(),
            "weight": weight,
            "systolic": str(upper),
            "diastolic": str(lower),
            "fundal_height": womb,
            "girth": girth,
            "oedema": "minus",
            "urine_protein": "minus",
            "urine_glucose": "minus",
        }
        wishes.append(Wish(maternal.VISIT, fields, book=str(book), is_sure=True))
    for week, head, belly, thigh in _ULTRASOUNDS:
        fields = {
            "on": (begun + timedelta(weeks=week, days=1)).isoformat(),
            "bpd": head,
            "ac": belly,
            "fl": thigh,
        }
        wishes.append(Wish(maternal.ULTRASOUND, fields, book=str(book), is_sure=True))
    await _write(yumi, wishes)


async def _child(yumi: Actor, today: date) -> None:
    born = today - timedelta(days=CHILD_DAYS)
    head = {
        "on": born.isoformat(), "name": "ひなた", "sex": "female", "weeks": "39", "days": "2",
        "weight": "3.02", "height": "49", "head": "33.2", "chest": "32",
    }  # fmt: skip
    book = (await children.begin(yumi, head)).book_id
    for days, weight, height, around in GROWN:
        on = (born + timedelta(days=days)).isoformat()
        fields = {"on": on, "weight": weight, "height": height, "head": around}
        await growing.write(yumi, book, "growth", fields)
    for vaccine, given in _DOSES:
        for days in given:
            on = (born + timedelta(days=days)).isoformat()
            await immunizations.write(yumi, book, {"on": on, "vaccine": vaccine})


def _notes(today: date) -> Iterator[Wish]:
    on = (today - timedelta(days=20)).isoformat()
    written: tuple[tuple[str, str, str], ...] = (
        ("アムロジピン錠5mg", "prescribed", "1日1回 朝食後"),
        ("酸化マグネシウム錠330mg", "prescribed", "1日3回 毎食後"),
        ("青汁の粉", "supplement", "朝に1袋"),
    )
    for name, sort, how in written:
        yield Wish(notes.MEDICATION, {"on": on, "name": name, "sort": sort, "how": how})
    allergy = {"on": on, "name": "さば", "sort": "food", "reaction": "じんましん"}
    yield Wish(notes.ALLERGY, allergy | {"severity": "moderate", "since": "20代のころ"})
    doctor = {"on": on, "place": "さくら内科クリニック", "is_main": "yes", "reason": "高血圧"}
    yield Wish(notes.DOCTOR, doctor)


async def _wishes(taro: Actor) -> None:
    said = {"organs": "unsure", "own_words": "できるだけ家で過ごしたい。痛みは取ってほしい。"}
    await directives.state(taro, said, 0)
    await directives.call(taro, [Person("山本 由美", "孫", "090-0000-0000")], 0)
