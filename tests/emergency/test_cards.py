"""Hanako makes a card and carries it; Dr Mori knows her by it once; nobody gains more by a copy."""

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from msgspec import structs

from api.core.actor import Actor, Power
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.emergency import choices
from api.emergency import service as emergency
from api.emergency.cards import service as cards
from api.emergency.cards import using, wire
from api.emergency.cards.content import Contact
from api.emergency.cards.keys import card_keys
from api.emergency.cards.service import Issued
from api.emergency.errors import (
    CardFaults,
    CardRefused,
    CardTooOld,
    CardUnreadable,
    NotOpened,
    UnknownCardLine,
    WordsHoldMyNumber,
)
from api.emergency.reach import Choice
from api.emergency.service import Opened
from api.records.emergency import carrying
from api.records.emergency import service as in_emergency
from api.records.emergency.carrying import Wish
from tests.access_log.superuser import unguarded
from tests.emergency.carrying import allergy, carried, made, medicine, recorded, whole
from tests.emergency.conftest import ground, held, held_back, who
from tests.emergency.test_sessions import log
from tests.portal import scene

CODE = "q7m2kQJ0S0yq1l4bW0aJfA"


async def known(mori: Actor, card: Issued) -> using.Known:
    return await emergency.known_by_card(mori, " ".join(card.parts))


async def opened_by(mori: Actor, card: Issued) -> Opened:
    found = await known(mori, card)
    how = ground(identification="emergency_card", code_id=found.code_id)
    return await emergency.open_session(mori, found.participant_id, how)


async def refusal(mori: Actor, card: Issued) -> str:
    with pytest.raises(CardRefused) as refused:
        await opened_by(mori, card)
    return refused.value.key.rpartition(".")[2]


async def older(admin: Any, hanako: Actor, by: timedelta) -> None:
    at, of = f"interval '{by.total_seconds()} seconds'", f"participant_id = '{who(hanako)}'"
    await unguarded(
        admin,
        f"UPDATE emergency_card SET made_at = made_at - {at} WHERE {of}",
        f"UPDATE emergency_card_code SET made_at = made_at - {at},"
        f" expires_at = expires_at - {at} WHERE {of}",
    )


# What can be carried


async def test_hanako_is_offered_what_an_emergency_needs(hanako, clinic):
    await whole(clinic, hanako)
    offers = (await carrying.choice(hanako)).offers
    found = {(each.line.kind, each.line.text): each for each in offers.lines}
    assert set(found) == {
        ("allergy", "ペニシリン"),
        ("contraindication", "ヨード造影剤"),
        ("medicine", "ワーファリン錠１ｍｇ"),
        ("condition", "心房細動"),
        ("condition", "うつ病"),
        ("implant", "心臓ペースメーカー"),
        ("implant", "人工股関節置換術"),
    }
    assert found["allergy", "ペニシリン"].line.mark == "high"
    assert [text for (_, text), each in found.items() if not each.is_usual] == ["うつ病"]
    assert offers.blood == "A Rh(+)"


async def test_what_hanako_was_not_told_is_never_offered(hanako, clinic, admin):
    record_id = await recorded(clinic, hanako, "allergy", allergy("だれも話していないこと"))
    untold = f"UPDATE record SET marks = '{{{{UNINFORMED}}}}' WHERE record_id = '{record_id}'"
    await unguarded(admin, untold)
    assert (await carrying.choice(hanako)).offers.lines == []
    with pytest.raises(UnknownCardLine):
        await made(hanako, records=(record_id,))


async def test_blood_type_stands_on_no_card_without_a_record(hanako):
    assert (await carrying.choice(hanako)).offers.blood == ""
    with pytest.raises(UnknownCardLine):
        await made(hanako, blood=True)


async def test_only_what_she_picks_is_on_it_and_what_kills_first_comes_first(hanako, clinic):
    ids = await whole(clinic, hanako)
    card = await carried(
        hanako,
        records=(ids["medicine"], ids["allergy"], ids["device"]),
        implants=("左目の義眼",),
        directive="yes",
        blood=True,
        contacts=(Contact("child", "山本 由美", "090-1234-5678"),),
        note="耳が遠いです",
    )
    payload = wire.opened(wire.read(card.parts[0]), cards.published())
    assert payload.l == [
        ("a!", "ペニシリン"),
        ("i", "心臓ペースメーカー"),
        ("i*", "左目の義眼"),
        ("m", "ワーファリン錠１ｍｇ"),
    ]
    assert (payload.bt, payload.d, payload.p) == ("A Rh(+)", "y", "")
    assert payload.t == [("child", "山本 由美", "090-1234-5678")]
    assert card.left_out == ()


async def test_the_preview_keeps_nothing(hanako, clinic):
    ids = await whole(clinic, hanako)
    drafted = await carrying.draft(hanako, Wish(records=(ids["allergy"],)))
    assert [line.text for line in drafted.content.lines] == ["ペニシリン"]
    assert await cards.mine(hanako) is None
    assert not [row for row in await log(hanako) if row.event.startswith("emergency:")]


async def test_another_persons_record_goes_on_nobody_elses_card(hanako, taro, clinic):
    his = await recorded(clinic, taro, "allergy", allergy("そば"))
    with pytest.raises(UnknownCardLine):
        await made(hanako, records=(his,))


@pytest.mark.parametrize(
    "wish",
    [
        {"note": "1234 5678 9018"},
        {"implants": ("123456789018",)},
        {"contacts": (Contact("child", "由美", "１２３４５６７８９０１８"),)},
    ],
    ids=["note", "implant", "telephone"],
)
async def test_a_my_number_goes_on_no_card(hanako, wish: dict[str, Any]):
    with pytest.raises(WordsHoldMyNumber):
        await made(hanako, **wish)
    assert await cards.mine(hanako) is None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"note": "あ" * 101}, "note"),
        ({"implants": ("あ" * 41,)}, "implant_1"),
        ({"contacts": (Contact("child", "", "090-1234-5678"),)}, "contact_name_1"),
        ({"contacts": (Contact("child", "由美", "でんわ"),)}, "contact_phone_1"),
    ],
    ids=["note", "implant", "name", "telephone"],
)
async def test_what_does_not_fit_is_said_field_by_field(hanako, wish, field: str):
    with pytest.raises(CardFaults) as faults:
        await made(hanako, **wish)
    assert list(faults.value.fields) == [field]


# Known by it, once


async def test_dr_mori_knows_hanako_by_her_card_and_reads_the_summary(mori, hanako, clinic):
    await recorded(clinic, hanako, "allergy", allergy("ペニシリン"))
    card = await carried(hanako)
    session = await opened_by(mori, card)
    assert session.is_active
    summary = await in_emergency.summary(mori, session.session_id)
    assert [line.title for line in summary.lines] == ["ペニシリン"]
    (code,) = (await cards.mine(hanako)).codes
    assert (code.medium, code.state) == ("paper", "used")
    names = [row.event for row in await log(hanako)]
    assert names[:4] == [
        "records:record:read",
        "emergency:session:opened",
        "emergency:card:issued",
        "emergency:card:made",
    ]


async def test_a_photograph_of_a_used_card_knows_nobody_and_hanako_sees_the_try(
    mori, hanako, clinic, hospital
):
    card = await carried(hanako)
    session = await opened_by(mori, card)
    await emergency.close(mori, session.session_id)
    assert await refusal(mori, card) == "used"
    other = await scene.professional(hospital, "堀 明", "physician")
    assert await refusal(other, card) == "used"
    newest = (await log(hanako))[0]
    assert (newest.event, newest.outcome) == ("emergency:card:refused", "denied")


async def test_of_two_at_once_with_one_card_one_opens(mori, hanako, hospital):
    card = await carried(hanako)
    other = await scene.professional(hospital, "堀 明", "physician")
    both = [await known(mori, card), await known(other, card)]
    hows = [ground(identification="emergency_card", code_id=each.code_id) for each in both]
    found = await asyncio.gather(
        emergency.open_session(mori, who(hanako), hows[0]),
        emergency.open_session(other, who(hanako), hows[1]),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in found) == ["CardRefused", "Opened"]


async def test_a_revoked_card_is_refused_in_plain_words_and_says_nothing_any_more(
    mori, hanako, admin
):
    card = await carried(hanako, note="秘密のひとこと")
    await cards.revoke(hanako)
    assert await refusal(mori, card) == "revoked"
    assert await cards.mine(hanako) is None
    kept = await admin.fetch(
        "SELECT content FROM emergency_card WHERE participant_id = $1", who(hanako)
    )
    assert [row["content"] for row in kept] == [None]
    with pytest.raises(NotFound):
        await cards.issue(hanako, "paper")
    await cards.revoke(hanako)
    events = [row.event for row in await log(hanako)]
    assert events.count("emergency:card:revoked") == 1


async def test_a_new_card_takes_the_place_of_the_old(mori, hanako):
    old = await carried(hanako, note="前のカード")
    new = await carried(hanako, note="いまのカード")
    assert await refusal(mori, old) == "replaced"
    assert (await known(mori, new)).participant_id == who(hanako)


async def test_a_new_print_takes_the_place_of_the_print_and_not_of_the_telephone(mori, hanako):
    first = await carried(hanako)
    phone = await cards.issue(hanako, "phone")
    second = await cards.issue(hanako, "paper")
    assert await refusal(mori, first) == "replaced"
    for card in (phone, second):
        assert (await known(mori, card)).participant_id == who(hanako)


async def test_a_year_later_it_knows_nobody_and_cannot_be_printed(mori, hanako, admin):
    card = await carried(hanako)
    await older(admin, hanako, timedelta(days=364))
    assert (await known(mori, card)).participant_id == who(hanako)
    await older(admin, hanako, timedelta(days=2))
    assert await refusal(mori, card) == "expired"
    with pytest.raises(CardTooOld):
        await cards.issue(hanako, "paper")


async def test_a_card_by_a_key_no_longer_published_knows_nobody(mori, hanako, monkeypatch):
    card = await carried(hanako)
    keys = card_keys()
    keys.rotate()
    assert (await known(mori, card)).participant_id == who(hanako)
    monkeypatch.setattr(type(keys), "published", lambda _: [])
    with pytest.raises(CardUnreadable):
        await known(mori, card)


async def test_a_code_nobody_was_given_knows_nobody_though_our_key_signed_it(mori, hanako):
    await made(hanako)
    held = await cards.mine(hanako)
    forged = cards.sealed_with(held.content, held.made_at, CODE, card_keys().current())
    with pytest.raises(CardUnreadable):
        await emergency.known_by_card(mori, forged.parts[0])


# Only identification


async def test_a_pharmacist_learns_nothing_from_a_card(hanako, hospital):
    card = await carried(hanako)
    ito = await scene.professional(hospital, "伊藤 美咲", "pharmacist")
    with pytest.raises(NotOpened) as refused:
        await known(ito, card)
    assert refused.value.key == "error.emergency.no_right"


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"authenticated_at": None}, "not_fresh"),
        ({"reason": "curious"}, "no_reason"),
        ({"words": " "}, "no_words"),
    ],
    ids=["not fresh", "no reason", "no words"],
)
async def test_every_gate_stands_behind_the_card_and_a_refusal_uses_nothing_up(
    mori, hanako, changed: dict[str, Any], because: str
):
    card = await carried(hanako)
    found = await known(mori, card)
    how = ground(identification="emergency_card", code_id=found.code_id)
    with pytest.raises(NotOpened) as refused:
        await emergency.open_session(mori, who(hanako), how._replace(**changed))
    assert refused.value.key == f"error.emergency.{because}"
    assert (await emergency.open_session(mori, who(hanako), how)).is_active


async def test_whoever_refused_emergency_viewing_is_not_opened_by_their_card(mori, hanako):
    card = await carried(hanako)
    await choices.choose(hanako, Choice("refuse"))
    with pytest.raises(NotOpened) as refused:
        await opened_by(mori, card)
    assert refused.value.key == "error.emergency.not_open"


async def test_one_persons_card_opens_nobody_else(mori, hanako, taro):
    card = await carried(hanako)
    found = await known(mori, card)
    how = ground(identification="emergency_card", code_id=found.code_id)
    with pytest.raises((CardRefused, asyncpg.InsufficientPrivilegeError)):
        await emergency.open_session(mori, who(taro), how)


async def test_a_held_opening_is_not_told_by_the_card_either(mori, hanako, ueda, colleague):
    card = await carried(hanako)
    found = await known(mori, card)
    how = {"identification": "emergency_card", "code_id": found.code_id}
    await held(await held_back(mori, hanako, **how), ueda, colleague)
    (code,) = (await cards.mine(hanako)).codes
    assert (code.state, code.used_at) == ("good", None)


# Whoever acts for Hanako


async def test_who_may_not_see_records_makes_and_prints_no_card(hanako):
    await made(hanako)
    yumi = structs.replace(hanako, powers=frozenset({Power.SETTINGS}))
    for deed in (carrying.choice(yumi), cards.mine(yumi), cards.issue(yumi, "paper")):
        with pytest.raises(NotFound):
            await deed
    with pytest.raises(NotFound):
        await carrying.make(yumi, Wish())


async def test_what_is_delicate_is_not_for_who_may_not_see_it(hanako, clinic):
    ids = await whole(clinic, hanako)
    await made(hanako, records=(ids["delicate"], ids["allergy"]))
    parent = structs.replace(hanako, is_shown_restricted=False)
    held = await cards.mine(parent)
    assert [line.text for line in held.content.lines] == ["ペニシリン"]
    assert not held.is_whole
    with pytest.raises(NotFound):
        await cards.issue(parent, "paper")


# What PostgreSQL refuses by itself

USE = (
    "INSERT INTO emergency_card_use (participant_id, code_id, session_id, used_at)"
    " SELECT app.subject(), code_id, $2, now() FROM emergency_card_code_of($1)"
)
SESSION = (
    "INSERT INTO emergency_session (participant_id, session_id, professional_id, facility_id,"
    " by_name, reason, words, identification, identified_at, authenticated_at)"
    " VALUES (app.subject(), $1, $2, $3, '森', 'unconscious', '倒れた', $4, now(), now())"
)


def hash_in(card: Issued) -> bytes:
    payload = wire.opened(wire.read(" ".join(card.parts)), cards.published())
    return hashlib.sha256(payload.jti.encode()).digest()


def btg(actor: Actor) -> Actor:
    return structs.replace(actor, purpose_of_use="BTG")


async def session_row(tx: Any, mori: Actor, how: str) -> Any:
    session_id = uuid4()
    await tx.execute(SESSION, session_id, mori.professional_id, mori.facility_id, how)
    return session_id


async def test_no_session_says_it_was_by_card_without_a_code(mori, hanako):
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="without its code"):
        async with unit_of_work(btg(mori), subject=who(hanako)) as tx:
            await session_row(tx, mori, "emergency_card")


@pytest.mark.parametrize("how", ["by another way", "revoked", "replaced"])
async def test_no_code_is_used_that_does_not_serve(mori, hanako, how: str):
    card = await carried(hanako)
    if how == "revoked":
        await cards.revoke(hanako)
    if how == "replaced":
        await cards.issue(hanako, "paper")
    said = "card" if how == "by another way" else "emergency_card"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="does not serve"):
        async with unit_of_work(btg(mori), subject=who(hanako)) as tx:
            await tx.execute(USE, hash_in(card), await session_row(tx, mori, said))


async def test_codes_are_asked_for_in_an_emergency_alone(mori, hanako):
    card = await carried(hanako)
    for actor in (mori, hanako):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actor) as tx:
                await tx.fetch("SELECT * FROM emergency_card_code_of($1)", hash_in(card))


@pytest.mark.parametrize("table", ["emergency_card", "emergency_card_code"])
async def test_no_professional_and_no_officer_reads_what_hanako_carries(
    mori, ueda, hanako, table: str
):
    await carried(hanako)
    for actor in (btg(mori), ueda):
        async with unit_of_work(actor, subject=who(hanako)) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
    async with unit_of_work(hanako) as tx:
        assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE emergency_card SET ended_because = NULL",
        "UPDATE emergency_card SET content = '{}'",
        "DELETE FROM emergency_card",
        "UPDATE emergency_card_code SET expires_at = now() + interval '9 years'",
        "DELETE FROM emergency_card_code",
        "DELETE FROM emergency_card_use",
    ],
)
async def test_a_card_is_not_changed_by_hand(hanako, statement: str):
    await carried(hanako)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako) as tx:
            await tx.execute(statement)


async def test_a_card_that_is_over_comes_to_no_life(hanako):
    await carried(hanako)
    await cards.revoke(hanako)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="ends once"):
        async with unit_of_work(hanako) as tx:
            await tx.execute("UPDATE emergency_card SET ended_because = 'replaced'")


async def test_the_code_itself_stands_nowhere_in_the_database(hanako, admin):
    card = await carried(hanako)
    code = wire.opened(wire.read(card.parts[0]), cards.published()).jti
    for table in ("emergency_card", "emergency_card_code", "access_event"):
        rows = await admin.fetch(
            f"SELECT t::text AS row FROM {table} t WHERE participant_id = $1", who(hanako)
        )
        assert rows
        assert not [row for row in rows if re.search(re.escape(code), row["row"])]


async def test_medicines_many_and_long_are_said_to_be_left_out(hanako, clinic):
    ids = [
        await recorded(
            clinic,
            hanako,
            "prescription",
            medicine(f"{chr(0x4E00 + at * 331)}" * 3 + str(at * 7919)),
        )
        for at in range(40)
    ]
    drafted = await carrying.draft(hanako, Wish(records=tuple(ids)))
    assert len(drafted.content.lines) == 40
    assert len(drafted.sealed.parts) <= 2
