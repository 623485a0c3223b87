"""A tap too many writes nothing twice, and nothing typed anew is lost for it."""

import asyncio

import pytest

from api.core import clock
from api.phr.directives import service as wishes
from api.phr.entries import service as entries
from api.phr.notes.kinds import KINDS as NOTES
from api.phr.vitals.kinds import PRESSURE
from tests.portal.scene import Visitor, forms, sent

HERE = "/book/vitals"
TODAY = clock.today_in_japan().isoformat()
READ = {"on": TODAY, "time": "00:00", "systolic": "128", "diastolic": "79"}


async def drawn(who: Visitor, path: str, action: str) -> dict[str, str]:
    """A form's fields as they stand on the page."""
    page = (await who.get(path)).text
    (form,) = [each for each in forms(page) if f'action="{action}"' in each]
    return {name: str(value) for name, value in sent(form)[1].items()}


async def test_two_taps_on_a_measurement_write_it_once(hanako: Visitor) -> None:
    fields = await drawn(hanako, HERE, HERE)
    answers = await asyncio.gather(*(hanako.post(HERE, fields, **READ) for _ in range(3)))
    assert {each.status_code for each in answers} == {303}
    assert len({each.headers["location"] for each in answers}) == 1, "and each says it is there"
    (entry,) = await entries.entries(hanako.actor, [PRESSURE])
    assert entry.version == 1


async def test_back_on_the_page_another_measurement_is_another(hanako: Visitor) -> None:
    fields = await drawn(hanako, HERE, HERE)
    for systolic in ("128", "131", "131"):
        await hanako.post(HERE, fields, **READ | {"systolic": systolic})
    found = await entries.entries(hanako.actor, [PRESSURE])
    assert sorted(each.values["systolic"] for each in found) == ["128", "131"]


async def test_the_same_measured_again_is_written_again(hanako: Visitor) -> None:
    for _ in range(2):
        await hanako.post(HERE, await drawn(hanako, HERE, HERE), **READ)
    assert len(await entries.entries(hanako.actor, [PRESSURE])) == 2


async def test_removed_and_sent_once_more_it_is_there_again(hanako: Visitor) -> None:
    fields = await drawn(hanako, HERE, HERE)
    await hanako.post(HERE, fields, **READ)
    (entry,) = await entries.entries(hanako.actor, [PRESSURE])
    await entries.remove(hanako.actor, entry.entry_id)
    await hanako.post(HERE, fields, **READ)
    assert len(await entries.entries(hanako.actor, [PRESSURE])) == 1


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/book/doctors/new", {"place": "こぶし内科"}),
        ("/book/medications/new", {"name": "かぜ薬", "sort": "otc"}),
    ],
)
async def test_two_taps_on_a_note_write_it_once(
    hanako: Visitor, path: str, typed: dict[str, str]
) -> None:
    fields = await drawn(hanako, path, path)
    answers = await asyncio.gather(
        *(hanako.post(path, fields, on=TODAY, **typed) for _ in range(3))
    )
    assert {each.status_code for each in answers} == {303}
    assert len(await entries.entries(hanako.actor, NOTES)) == 1


async def test_two_taps_on_somebody_to_call_name_them_once(hanako: Visitor) -> None:
    here = "/book/wishes/people"
    yumi = {"name": "山本 由美", "telephone": "090-1234-5678", "version": 0}
    sato = {"name": "佐藤先生", "telephone": "0966-00-0000", "version": 1}
    for person in (yumi, sato):
        both = [await hanako.post(f"{here}/new", person) for _ in range(2)]
        assert [each.status_code for each in both] == [303, 303], both[1].text
    assert [each.name for each in await wishes.called_in(hanako.actor, 2)] == [
        "山本 由美",
        "佐藤先生",
    ]
    both = [await hanako.post(f"{here}/1/remove", version=2) for _ in range(2)]
    assert [each.status_code for each in both] == [303, 303], both[1].text
    assert [each.name for each in await wishes.called_in(hanako.actor, 3)] == ["佐藤先生"]
