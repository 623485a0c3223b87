"""Tarō enrols on paper: Ueda types the form, a second officer confirms it before the scan."""

import asyncio
import secrets

import asyncpg
import pytest
import pytest_asyncio

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core import crypto
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity.enrolling import enrolment, look_alikes, paper_enrolment, registered
from api.identity.enrolling.enrolment import Birth
from api.identity.enrolling.paper_enrolment import Choice
from api.identity.errors import (
    CardOfAnother,
    EnrolmentFaults,
    ScanNotSeen,
    ScanRefused,
    SecondOfficerNeeded,
)
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import some_address
from tests.identity.papers import NEW, PDF, PNG, card, confirm, put_down, some_kana, typed
from tests.portal import scene


def some_birth() -> Birth:
    """A day of few births, so that nobody of another test looks alike."""
    return Birth(
        str(1900 + secrets.randbelow(60)),
        str(1 + secrets.randbelow(12)),
        str(1 + secrets.randbelow(28)),
    )


def name() -> str:
    return "山本 " + "".join(secrets.choice("阿伊宇江於加木久介己") for _ in range(6))


@pytest_asyncio.fixture
async def ueda(database: object) -> Actor:
    return await scene.officer("上田 恵子")


@pytest_asyncio.fixture
async def second(database: object) -> Actor:
    return await scene.officer("第二 担当")


def participant(participant_id) -> Actor:
    return Actor(kind=ActorKind.PARTICIPANT, participant_id=participant_id)


async def events(participant_id) -> list:
    page = await access_log.page(participant(participant_id), count=50)
    return [row for row in page.rows]


async def test_two_officers_make_one_participant_who_makes_a_key_of_their_own(
    ueda: Actor, second: Actor, device: Authenticator
):
    number, born = card(), some_birth()
    waits = await put_down(ueda, typed(number, name=name()), born)
    done = await confirm(second, waits)
    assert done.code is not None
    scheme = directory.profile().card_scheme
    ticket = await enrolment.begin(
        number.digits, born, done.code.printed, some_address(), scheme=scheme
    )
    await joining.accept(ticket.token, consent.terms_in_force())
    options = await enrolment.passkey_options(ticket.token)
    assert await joining.finish(ticket.token, device.create(options))
    given = await registered.registration(participant(done.participant_id))
    assert given is not None
    assert given.address == "熊本県阿蘇市1-2-3"
    assert (given.phone, given.insurer) == ("0967123456", "33120015")
    told = next(
        row.detail
        for row in await events(done.participant_id)
        if row.event == "identity:paper_enrolment:confirmed"
    )
    assert told["told"] == {"first": "上田 恵子", "second": "第二 担当"}


async def test_who_typed_it_never_confirms_it_not_even_in_postgresql(ueda: Actor, second: Actor):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    with pytest.raises(SecondOfficerNeeded):
        await confirm(ueda, waits)
    made = await confirm(second, await put_down(ueda, typed(card(), name=name()), some_birth()))
    with pytest.raises(asyncpg.CheckViolationError):
        async with unit_of_work(ueda) as tx:
            await tx.execute(
                "UPDATE paper_enrolment SET state = 'confirmed', form = NULL, became = $2,"
                " settled_by = app.account(), settled_by_name = 'x', settled_at = now()"
                " WHERE enrolment_id = $1",
                waits,
                made.participant_id,
            )


async def test_who_has_not_seen_the_scan_confirms_nothing_not_even_in_postgresql(
    ueda: Actor, second: Actor
):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    with pytest.raises(ScanNotSeen):
        await paper_enrolment.confirm(second, waits, NEW)
    await paper_enrolment.scan(second, waits)
    await paper_enrolment.attach(ueda, waits, PNG)  # another scan than the one that was seen
    with pytest.raises(ScanNotSeen):
        await paper_enrolment.confirm(second, waits, NEW)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(second) as tx:
            await tx.execute(
                "UPDATE paper_enrolment SET state = 'confirmed', form = NULL, became = uuidv7(),"
                " settled_by = app.account(), settled_by_name = 'x', settled_at = now()"
                " WHERE enrolment_id = $1",
                waits,
            )
    assert (await confirm(second, waits)).code


async def test_no_scan_is_dated_before_a_look_and_no_look_after_a_scan(ueda: Actor, second: Actor):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    await paper_enrolment.scan(second, waits)
    for who, statement in (
        (
            ueda,
            "INSERT INTO enrolment_scan (enrolment_id, media_type, sealed, attached_at)"
            " SELECT $1, 'image/png', decode(repeat('00', 40), 'hex'), now() - interval '1 day'",
        ),
        (
            second,
            "INSERT INTO enrolment_scan_look (enrolment_id, looked_at)"
            " SELECT $1, now() + interval '1 day'",
        ),
    ):
        async with unit_of_work(who) as tx:
            await tx.execute("DELETE FROM enrolment_scan WHERE enrolment_id = $1", waits)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tx.connection.transaction():
                    await tx.execute(statement, waits)


async def test_a_reason_never_keeps_a_my_number(ueda: Actor, second: Actor):
    born, called = some_birth(), name()
    first = await confirm(second, await put_down(ueda, typed(card(), name=called), born))
    waits = await put_down(ueda, typed(card(), name=called), born)
    for reason in ("番号 1234-5678-9018 が同じ", "双子\u202e"):
        with pytest.raises(EnrolmentFaults):
            await confirm(second, waits, Choice(first.participant_id, reason))
        with pytest.raises(EnrolmentFaults):
            await look_alikes.decide(second, first.participant_id, uuid7(), "same", reason)


async def test_what_is_withdrawn_leaves_neither_form_nor_scan(
    ueda: Actor, second: Actor, admin: asyncpg.Connection
):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    await paper_enrolment.withdraw(ueda, waits)
    row = await admin.fetchrow("SELECT * FROM paper_enrolment WHERE enrolment_id = $1", waits)
    assert (row["state"], row["form"], row["became"]) == ("withdrawn", None, None)
    assert not await admin.fetchval(
        "SELECT count(*) FROM enrolment_scan WHERE enrolment_id = $1", waits
    )
    with pytest.raises(NotFound):
        await confirm(second, waits)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(ueda) as tx:
            await tx.execute(
                "UPDATE paper_enrolment SET state = 'waiting', form = '{}', settled_by = NULL,"
                " settled_by_name = NULL, settled_at = NULL WHERE enrolment_id = $1",
                waits,
            )


async def test_the_scan_is_sealed_and_for_officers_alone(
    ueda: Actor, second: Actor, admin: asyncpg.Connection, database
):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    sealed = await admin.fetchval(
        "SELECT sealed FROM enrolment_scan WHERE enrolment_id = $1", waits
    )
    assert PDF not in sealed
    name_of_it = b"tsunagu/1 enrolment scan " + waits.bytes
    assert crypto.unsealed(database.keys.paper_scans, sealed, name_of_it) == PDF
    assert await paper_enrolment.scan(ueda, waits) == ("application/pdf", PDF)
    done = await confirm(second, waits)
    for stranger in (
        participant(done.participant_id),
        await scene.auditor(),
        Actor(kind=ActorKind.PROFESSIONAL, account_id=ueda.account_id),
    ):
        with pytest.raises(NotFound):
            await paper_enrolment.scan(stranger, waits)
        assert await paper_enrolment.waiting(stranger) == []
    await paper_enrolment.scan(ueda, waits)
    seen = [
        row.detail["actor"]["name"]
        for row in await events(done.participant_id)
        if row.event == "identity:paper_scan:seen"
    ]
    assert seen == ["上田 恵子"]


async def test_a_confirmed_scan_stays(ueda: Actor, second: Actor, admin: asyncpg.Connection):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth())
    await confirm(second, waits)
    async with unit_of_work(ueda) as tx:
        await tx.execute("DELETE FROM enrolment_scan WHERE enrolment_id = $1", waits)
    assert await admin.fetchval(
        "SELECT count(*) FROM enrolment_scan WHERE enrolment_id = $1", waits
    )


@pytest.mark.parametrize(
    "scan",
    [b"", b"GIF89a", b"<html>", b"MZ\x90", b"%PDF-" + b"0" * paper_enrolment.MOST_BYTES],
    ids=["nothing", "gif", "html", "program", "too_large"],
)
async def test_what_is_no_scan_is_refused(ueda: Actor, scan: bytes):
    waits = await put_down(ueda, typed(card(), name=name()), some_birth(), None)
    with pytest.raises(ScanRefused):
        await paper_enrolment.attach(ueda, waits, scan)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name_kana": "山本"}, "name_kana"),
        ({"sex": "x"}, "sex"),
        ({"card": "1234"}, "card"),
        ({"card": "1234 5678 9018"}, "card"),
        ({"address": ""}, "address"),
        ({"address": "阿蘇市 123456789018"}, "address"),
        ({"phone": "12345"}, "phone"),
        ({"email": "hanako"}, "email"),
        ({"insurer": "33120016"}, "insurer"),
        ({"insurance_number": ""}, "insurance_number"),
        ({"insurance_branch": "xx"}, "insurance_branch"),
        ({"family_doctor": "あ" * 101}, "family_doctor"),
    ],
    ids=[
        "name", "kana", "sex", "card", "my_number_as_card", "address", "my_number_in_address",
        "phone", "email", "insurer", "number", "branch", "doctor",
    ],
)  # fmt: skip
async def test_each_fault_stands_by_its_field(ueda: Actor, changes: dict[str, str], field: str):
    with pytest.raises(EnrolmentFaults) as refused:
        await put_down(ueda, typed(card(), **changes), some_birth())
    assert list(refused.value.fields) == [field]


async def test_somebody_alike_is_offered_and_joined_with_a_reason(ueda: Actor, second: Actor):
    born, called, read = some_birth(), name(), some_kana()
    form = typed(card(), name=called, name_kana=read)
    first = await confirm(second, await put_down(ueda, form, born))
    number = card()
    form = typed(number, name=called.replace(" ", "　"), name_kana=read)
    waits = await put_down(ueda, form, born)
    seen = await paper_enrolment.opened(second, waits)
    (alike,) = seen.look_alikes
    assert alike.participant_id == first.participant_id
    assert alike.why == ("kana", "name")
    with pytest.raises(EnrolmentFaults):
        await confirm(second, waits, Choice(alike.participant_id))
    joined = await confirm(second, waits, Choice(alike.participant_id, "住所も同じ"))
    assert joined.participant_id == first.participant_id
    assert await enrolment_works(number, born, joined.code)


async def enrolment_works(number, born: Birth, code) -> bool:
    scheme = directory.profile().card_scheme
    return bool(
        await enrolment.begin(number.digits, born, code.printed, some_address(), scheme=scheme)
    )


async def test_different_people_stay_two_and_both_read_why(
    ueda: Actor, second: Actor, admin: asyncpg.Connection
):
    born, called = some_birth(), name()
    first = await confirm(second, await put_down(ueda, typed(card(), name=called), born))
    other = await confirm(second, await put_down(ueda, typed(card(), name=called), born))
    assert other.participant_id != first.participant_id
    row = await admin.fetchrow(
        "SELECT * FROM look_alike WHERE participant_id = $1 AND other_id = $2",
        other.participant_id,
        first.participant_id,
    )
    assert (row["decision"], row["reason"]) == ("different", NEW.reason)
    assert row["decided_by"] == second.account_id
    for one in (first, other):
        decided = [row for row in await events(one.participant_id) if "look_alike" in row.event]
        assert [row.detail["decision"] for row in decided] == ["different"]


async def test_a_card_of_somebody_else_joins_them_or_nobody(ueda: Actor, second: Actor):
    number, born = card(), some_birth()
    first = await confirm(second, await put_down(ueda, typed(number, name=name()), born))
    waits = await put_down(ueda, typed(number, name=name()), some_birth())
    (alike,) = (await paper_enrolment.opened(second, waits)).look_alikes
    assert "card" in alike.why
    with pytest.raises(CardOfAnother):
        await confirm(second, waits)
    joined = await confirm(second, waits, Choice(first.participant_id, "同じ方"))
    assert joined.participant_id == first.participant_id
    again = await put_down(ueda, typed(card(), name=name()), some_birth())
    with pytest.raises(NotFound):
        await confirm(second, again, Choice(first.participant_id, "同じ方"))


async def test_of_two_forms_with_one_card_confirmed_at_once_one_is_refused_in_words(
    ueda: Actor, second: Actor
):
    number = card()
    waits = [await put_down(ueda, typed(number, name=name()), some_birth()) for _ in range(2)]
    for each in waits:
        await paper_enrolment.scan(second, each)
    done = await asyncio.gather(
        *(paper_enrolment.confirm(second, each, Choice()) for each in waits), return_exceptions=True
    )
    assert {type(each) for each in done} <= {
        paper_enrolment.Confirmed,
        CardOfAnother,
        EnrolmentFaults,
    }
    assert sum(isinstance(each, paper_enrolment.Confirmed) for each in done) == 1


async def test_whoever_comes_in_alike_by_any_door_waits_for_an_officer_and_both_are_told(
    ueda: Actor,
):
    hanako, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    again, _ = await scene.participant("山本　花子", "ﾔﾏﾓﾄﾊﾅｺ")
    pairs, total = await look_alikes.waiting(ueda, count=50)
    pair = next(
        each
        for each in pairs
        if (each.participant_id, each.other_id) == (again.participant_id, hanako.participant_id)
    )
    assert total >= 1
    assert pair.why == ("name", "kana")
    with pytest.raises(EnrolmentFaults):
        await look_alikes.decide(ueda, pair.participant_id, pair.other_id, "same", " ")
    await look_alikes.decide(ueda, pair.participant_id, pair.other_id, "different", "双子")
    with pytest.raises(NotFound):
        await look_alikes.decide(ueda, pair.participant_id, pair.other_id, "same", "同じ")
    for one in (hanako, again):
        told = [row for row in await events(one.participant_id) if "look_alike" in row.event]
        assert [row.detail["reason"] for row in told] == ["双子"]
        assert told[0].detail["actor"]["name"] == "上田 恵子"


async def test_nobody_but_an_officer_looks_across_people(database: object):
    hanako, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await look_alikes.waiting(hanako)
