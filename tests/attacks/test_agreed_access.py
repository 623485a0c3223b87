"""Access others brought in, turned against whoever gave it."""

import contextlib
from datetime import timedelta

import pytest

from api.consent import service as consent
from api.consent.agreeing import delegation, desk_code, requests
from api.consent.agreeing.asking import agreed
from api.consent.errors import CannotPassOn
from api.consent.settings.switches import (
    Exclude,
    Remove,
    SetFacility,
    SetProfessional,
    SetRegion,
    Share,
)
from api.core import clock
from api.core.actor import Actor
from api.core.ids import uuid7
from api.directory import service as directory
from api.records import service as records
from tests.attacks.conftest import World
from tests.portal import scene

WISH = requests.Wish("professional", 30, 0, "treatment", "")


async def changed(who: Actor, *commands: object) -> None:
    version = (await consent.settings(who)).directive.version
    await consent.change(who, commands, expected_version=version)  # type: ignore[arg-type]


async def sees(doctor: Actor, whose: Actor) -> int:
    assert whose.participant_id
    return (await records.read(doctor, whose.participant_id)).total


async def test_a_deny_that_waits_for_a_desk_code_is_back_when_the_code_is_ended_by_hand(
    own_world: World,
):
    """The region is on, the clinic off: ending what the code opened must not leave the region."""
    taro, sato, clinic = own_world.taro, own_world.sato, own_world.clinic
    region = (await directory.named(taro, [clinic.facility_id]))[clinic.facility_id].region
    await changed(taro, SetRegion(region, on=True))
    await changed(taro, SetFacility(clinic.facility_id, on=False))
    assert await sees(sato, taro) == 0
    code = await desk_code.make(taro, level=0)
    await desk_code.redeem(sato, code.digits)
    assert await sees(sato, taro) == 1
    (row,) = agreed((await consent.settings(taro)).directive)
    await changed(taro, Remove(row.id))
    assert await sees(sato, taro) == 0, "the region lets in whom Tarō had turned off"


async def test_a_deny_waits_no_longer_than_the_permit_that_took_the_place_of_a_longer_one(
    own_world: World,
):
    """Approved for ten days, then anew for one: on the second day the deny stands again."""
    taro, mori = own_world.taro, own_world.mori
    await changed(taro, SetProfessional(mori.professional_id, on=False))
    request_id = own_world.request_id
    for days in (10, 1):
        until = clock.now() + timedelta(days=days)
        await requests.approve(taro, request_id, whom="professional", until=until, level=0)
        if days == 10:
            await requests.ask(mori, own_world.card.digits, WISH)
            (waiting,) = await requests.waiting(taro)
            request_id = waiting.request_id
    assert await sees(mori, taro) == 1
    state = await consent.settings(taro)
    deny = next(row for row in state.directive.provisions if row.kind == "deny")
    assert deny.valid_from == until


async def test_a_share_of_one_record_is_no_reason_to_pass_on_more_than_one_has(own_world: World):
    """A pharmacist sees medicines alone; a doctor with a share gets no diagnoses from them."""
    taro, hospital = own_world.taro, own_world.hospital
    await scene.wrote(hospital, taro, "condition", "高血圧症")
    pharmacy = await scene.place("つばき薬局", "ツバキヤッキョク", "Tsubaki Pharmacy", "pharmacy")
    ito = await scene.professional(pharmacy, "伊藤 彩", "pharmacist")
    far = await scene.place("はるか医院", "ハルカイイン", "Haruka Clinic", "clinic")
    other = await scene.professional(far, "高橋 進", "physician")
    await changed(
        taro,
        SetProfessional(ito.professional_id, on=True, level=1),
        Share(
            professional_id=other.professional_id,
            record_ids=(own_world.record_id,),
            until=clock.now() + timedelta(days=1),
        ),
    )
    assert await sees(other, taro) == 1
    wish = delegation.Wish(other.professional_id, 7, 0, "treatment")
    with contextlib.suppress(CannotPassOn):
        await delegation.pass_on(ito, taro.participant_id, wish)
    assert await sees(other, taro) == 1, "more than the pharmacist sees herself"


async def test_who_is_let_in_gains_no_level_where_the_giver_sees_nothing(own_world: World):
    taro, hospital = own_world.taro, own_world.hospital
    await scene.wrote(hospital, taro, "condition", "うつ病", sensitivity=1)
    pharmacy = await scene.place("かえで薬局", "カエデヤッキョク", "Kaede Pharmacy", "pharmacy")
    ito = await scene.professional(pharmacy, "伊藤 彩", "pharmacist")
    far = await scene.place("みどり医院", "ミドリイイン", "Midori Clinic", "clinic")
    other = await scene.professional(far, "高橋 進", "physician")
    await changed(
        taro,
        SetProfessional(ito.professional_id, on=True, level=1),
        SetProfessional(other.professional_id, on=True),
    )
    seen = await sees(other, taro)
    wish = delegation.Wish(other.professional_id, 7, 1, "treatment")
    with contextlib.suppress(CannotPassOn):
        await delegation.pass_on(ito, taro.participant_id, wish)
    assert await sees(other, taro) == seen


async def test_what_was_passed_on_ends_when_its_giver_is_shut_out(own_world: World):
    taro, mori, sato = own_world.taro, own_world.mori, own_world.sato
    wish = delegation.Wish(sato.professional_id, 7, 0, "treatment")
    await delegation.pass_on(mori, taro.participant_id, wish)
    assert await sees(sato, taro) == 1
    await changed(taro, Exclude(on=True, professional_id=mori.professional_id))
    assert await sees(sato, taro) == 0


async def test_nothing_is_passed_on_to_nobody(own_world: World):
    wish = delegation.Wish(uuid7(), 7, 0, "treatment")
    with pytest.raises(CannotPassOn):
        await delegation.pass_on(own_world.mori, own_world.taro.participant_id, wish)
