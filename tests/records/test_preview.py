"""Hanako sees what others see of her, and what a change would do, before she saves it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.errors import UnknownChoice
from api.consent.lifecycle import leaving
from api.consent.settings.switches import (
    Command,
    HideRecords,
    MarkRecord,
    SetCategory,
    SetFacility,
    SetProfession,
)
from api.core import clock
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.records import service as records
from api.records.previewing import service as preview
from api.records.previewing.difference import difference
from api.records.previewing.service import Eyes
from tests.pace import quickest_answer
from tests.portal import scene
from tests.portal.scene import Place


class Household(NamedTuple):
    hanako: Actor
    clinic: Place
    hospital: Place
    sato: Actor

    @property
    def as_sato(self) -> Eyes:
        return Eyes(professional_id=self.sato.professional_id)

    async def set(self, *commands: Command) -> None:
        version = (await consent.settings(self.hanako)).directive.version
        await consent.change(self.hanako, list(commands), expected_version=version)

    async def see(self, *commands: Command, eyes: Eyes | None = None) -> preview.Preview:
        return await preview.see_as(self.hanako, eyes or self.as_sato, "ja", commands=commands)


@pytest_asyncio.fixture
async def house(database) -> Household:
    """Takes part; the hospital wrote two prescriptions and a lab result, the clinic one lab."""
    hanako, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(hanako, "participating")
    clinic = await scene.place("しらかば内科", "シラカバナイカ", "Shirakaba Clinic", "clinic")
    hospital = await scene.place("けやき病院", "ケヤキビョウイン", "Keyaki Hospital", "hospital")
    sato = await scene.professional(clinic, "佐藤 健一", "physician")
    for at, category, title in (
        (hospital, "prescription", "アムロジピン錠5mg"),
        (hospital, "prescription", "ロキソプロフェン錠60mg"),
        (hospital, "lab", "HbA1c"),
        (clinic, "lab", "尿検査"),
    ):
        await scene.wrote(at, hanako, category, title)
    return Household(hanako, clinic, hospital, sato)


def on(place: Place) -> SetFacility:
    return SetFacility(facility_id=place.facility_id, on=True)


async def ids_of(house: Household, title: str) -> tuple[UUID, ...]:
    async with unit_of_work(house.hanako) as tx:
        rows = await tx.fetch("SELECT record_id FROM record WHERE title = $1", title)
    return tuple(row["record_id"] for row in rows)


async def read_by_sato(house: Household) -> set[UUID]:
    found = await records.timeline(house.sato, house.hanako.participant_id)
    return {line.record_id for line in found}


@pytest.mark.parametrize("step", range(5))
async def test_the_preview_is_what_dr_sato_then_gets(house: Household, step: int):
    hidden = await ids_of(house, "HbA1c")
    said: Sequence[Sequence[Command]] = (
        (),
        (on(house.clinic),),
        (on(house.clinic), SetCategory("prescription", False)),
        (on(house.clinic), HideRecords(hidden, True)),
        (on(house.clinic), MarkRecord(hidden[0], 2)),
    )
    commands = said[step]
    before = await house.see(*commands)
    if commands:
        await house.set(*commands)
    after = await house.see()
    assert {each.record_id for each in after.records} == await read_by_sato(house)
    assert (after.records, after.kinds) == (before.records, before.kinds)
    assert after.shown == len(after.records)
    assert after.shown + after.kept == 4


async def test_what_is_kept_back_is_told_with_its_reason(house: Household):
    await house.set(on(house.clinic), SetCategory("prescription", False))
    seen = await house.see()
    assert seen.viewer == ("佐藤 健一", "physician", "しらかば内科")
    assert "しらかば内科" in seen.sentence
    kinds = {each.category: each for each in seen.kinds}
    assert (kinds["lab"].shown, kinds["lab"].kept, kinds["lab"].reasons) == (2, 0, [])
    assert (kinds["prescription"].shown, kinds["prescription"].kept) == (0, 2)
    assert kinds["prescription"].reasons == [
        "ご本人が「処方（医師が出した薬）」を見せない設定にしているためです（設定 第1版）。"
    ]


async def test_nobody_chosen_leaves_the_clinic_what_it_wrote_itself(house: Household):
    seen = await house.see()
    assert [each.title for each in seen.records] == ["尿検査"]
    assert "自分で書いた記録" in seen.sentence


async def test_a_pharmacist_of_the_pharmacy_s_own_system_sees_what_the_network_gives(
    house: Household,
):
    pharmacy = await scene.place("あざみ薬局", "アザミヤッキョク", "Azami Pharmacy", "pharmacy")
    await house.set(on(pharmacy))
    eyes = Eyes(facility_id=pharmacy.facility_id, profession="pharmacist")
    seen = await house.see(eyes=eyes)
    assert seen.viewer == (None, "pharmacist", "あざみ薬局")
    assert "prescription" in {each.category for each in seen.records}
    closed = await house.see(SetProfession("pharmacist", False), eyes=eyes)
    assert (closed.shown, closed.kept) == (0, 4)


async def test_an_untold_diagnosis_leaves_no_trace(house: Household):
    await house.set(on(house.clinic))
    commands = [SetFacility(facility_id=house.clinic.facility_id, on=False)]
    seen, told = await house.see(), await difference(house.hanako, commands)
    stranger = await scene.place("かえで病院", "カエデビョウイン", "Kaede Hospital", "hospital")
    for at in (house.hospital, house.clinic, stranger):
        await scene.wrote(at, house.hanako, "condition", "膵がん", marks=("UNINFORMED",))
    assert len(await read_by_sato(house)) == seen.shown + 3
    assert await house.see() == seen
    assert await difference(house.hanako, commands) == told


@pytest.mark.parametrize(
    "eyes",
    [
        Eyes(professional_id=UUID(int=1)),
        Eyes(facility_id=UUID(int=1), profession="physician"),
        Eyes(),
    ],
)
async def test_nobody_of_that_name_is_no_such_choice(house: Household, eyes: Eyes):
    with pytest.raises(UnknownChoice):
        await house.see(eyes=eyes)


async def test_a_profession_or_category_nobody_has_is_no_such_choice(house: Household):
    with pytest.raises(UnknownChoice):
        await house.see(eyes=Eyes(facility_id=house.clinic.facility_id, profession="astrologer"))
    with pytest.raises(UnknownChoice):
        await preview.see_as(house.hanako, house.as_sato, "ja", category="horoscope")


async def test_pages_hold_each_record_once_and_one_kind_can_be_looked_at_alone(house: Household):
    await house.set(on(house.clinic))
    for number in range(60):
        await scene.wrote(house.hospital, house.hanako, "lab", f"検査 {number}")

    async def page(number: int, category: str | None = None) -> preview.Preview:
        return await preview.see_as(
            house.hanako, house.as_sato, "ja", category=category, page=number
        )

    pages = [await page(number) for number in (1, 2, 3, 4)]
    titles = [each.title for one in pages for each in one.records]
    assert [len(one.records) for one in pages] == [20, 20, 20, 4]
    assert len(titles) == len(set(titles)) == pages[0].listed == 64
    alone = await page(1, "prescription")
    assert (alone.listed, len(alone.records), alone.shown) == (2, 2, 64)


async def test_the_difference_names_the_clinic_and_counts_what_opens(house: Household):
    found = await difference(house.hanako, [on(house.clinic)])
    assert [each.name for each in found.facilities_opened] == ["しらかば内科"]
    # The clinic's own lab result is open to it already.
    assert (found.comparison.records_opened, found.comparison.records_closed) == (3, 0)
    assert not found.comparison.later_opened
    assert (await consent.settings(house.hanako)).directive.version == 0
    await house.set(on(house.clinic))
    assert (await difference(house.hanako, [on(house.clinic)])).comparison.is_nothing


async def test_with_one_category_off_only_its_records_close(house: Household):
    await house.set(on(house.clinic))
    found = await difference(house.hanako, [SetCategory("prescription", False)])
    assert (found.comparison.records_opened, found.comparison.records_closed) == (0, 2)
    assert ("physician", "prescription") in found.comparison.cells_closed
    assert found.facilities_closed == []


async def test_ten_thousand_records_are_looked_at_in_a_moment(house: Household):
    """The figure is the benchmark's; here only that it is no matter of seconds."""
    day = clock.today_in_japan() + timedelta(days=1)
    kinds = [each.code for each in directory.profile().categories]
    async with unit_of_work(OPERATOR, subject=house.hanako.participant_id) as tx:
        await tx.connection.executemany(
            "INSERT INTO record (participant_id, record_id, version, resource_type, category,"
            " sensitivity, source_facility_id, effective_on, title, body)"
            " VALUES (app.subject(), $1, 1, 'Observation', $2, $3, $4, $5, '', '{}')",
            [
                (uuid7(), kinds[n % len(kinds)], n % 2, house.hospital.facility_id, day)
                for n in range(10_000)
            ],
        )
    await house.set(on(house.clinic))

    async def looked_at() -> None:
        seen = await house.see()
        await difference(house.hanako, [SetCategory("lab", False)])
        assert seen.shown + seen.kept == 10_004

    assert await quickest_answer(looked_at, 2) < 2
