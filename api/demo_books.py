"""What the demo's people wrote in their books: each a story one can read on.

Hanako measures her blood pressure, and her scale sends her weight. Yumi expects a child. Read once,
while a demo is prepared; a later start does not load this.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.phr.maternal import kinds as maternal
from api.phr.maternal import service as pregnancies
from api.phr.maternal.service import Asked
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


async def fill(actors: Mapping[str, Actor]) -> None:
    """Of people by their key in the cast."""
    today = clock.today_in_japan()
    await _write(actors["hanako"], [*_pressures(today), *_weights(today)])
    await _pregnancy(actors["yumi"], today)


async def _write(actor: Actor, wishes: list[Wish]) -> None:
    async with unit_of_work(actor) as tx:
        await entries.write_all_in(tx, actor, wishes)


def _pressures(today: date) -> Iterator[Wish]:
    for day in range(MORNINGS):
        on = today - timedelta(days=MORNINGS - 1 - day)
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
        on = today - timedelta(weeks=WEEKS - 1 - week)
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
    """In its twenty-seventh week."""
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
