"""Two things at once: exactly one happens, and the log says under which settings."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service as consent
from api.consent.agreeing import desk_code, requests
from api.consent.agreeing.asking import agreed
from api.consent.errors import CannotApprove, DeskCodeRefused, SettingsChangedMeanwhile
from api.consent.lifecycle import joining, leaving, paper_import
from api.consent.settings.switches import SetCategory, SetFacility
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.errors import NotFound
from api.identity import demo_door
from api.identity.enrolling import enrolment
from api.identity.errors import AlreadyEnrolled, TicketGone
from api.records import finding
from api.records import service as records
from tests.attacks.conftest import World
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper, hanako
from tests.portal import scene

__all__ = ["hanako"]


async def _together(*calls: Any) -> Sequence[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_of_several_changes_from_one_version_exactly_one_wins(own_world: World):
    who, places = own_world.hanako, (own_world.hospital, own_world.clinic)
    results = await _together(
        *(
            consent.change(who, [SetFacility(place.facility_id, on=True)], expected_version=0)
            for place in places * 3
        )
    )
    assert sum(not isinstance(each, BaseException) for each in results) == 1, results
    assert sum(isinstance(each, SettingsChangedMeanwhile) for each in results) == 5
    state = await consent.settings(who)
    assert state.directive.version == 1
    assert len(consent.summary_of(state).facilities) == 1, "of the loser's wish something stayed"


async def test_over_the_api_the_loser_is_told_and_nothing_of_theirs_is_kept(
    attacking, own_world: World, admin: asyncpg.Connection
):
    codes = ("lab", "imaging", "condition", "vitals")
    async with attacking(actor=own_world.hanako) as app:
        answers = await asyncio.gather(
            *(
                app.send(
                    "POST",
                    "/me/disclosure/changes",
                    body={
                        "version": 0,
                        "commands": [{"kind": "category", "code": code, "on": False}],
                    },
                )
                for code in codes
            )
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    rows = await admin.fetch(
        "SELECT change::text AS change FROM directive WHERE participant_id = $1",
        own_world.hanako.participant_id,
    )
    assert len(rows) == 1
    winner = next(
        code
        for code, answer in zip(codes, answers, strict=True)
        if answer.status_code == 200
    )  # fmt: skip
    assert winner in rows[0]["change"]


async def test_of_a_change_and_an_undo_at_once_exactly_one_wins(own_world: World):
    who = own_world.taro
    results = await _together(
        consent.undo(who, expected_version=1),
        consent.change(who, [SetCategory("lab", on=False)], expected_version=1),
        consent.undo(who, expected_version=1),
    )
    assert sum(not isinstance(each, BaseException) for each in results) == 1
    assert sum(isinstance(each, SettingsChangedMeanwhile) for each in results) == 2


async def test_registrations_with_one_code_at_once_make_one_account(
    hanako: Paper, admin: asyncpg.Connection
):
    """Two people with a copy of the paper, each with a ticket and a device of their own."""
    tickets = [await hanako.accepted() for _ in range(4)]
    devices = [Authenticator() for _ in tickets]
    options = [await enrolment.passkey_options(ticket) for ticket in tickets]
    results = await _together(
        *(
            joining.finish(ticket, device.create(given))
            for ticket, device, given in zip(tickets, devices, options, strict=True)
        )
    )
    sessions = [each for each in results if not isinstance(each, BaseException)]
    assert len(sessions) == 1
    for each in results:
        if isinstance(each, BaseException):
            assert isinstance(each, AlreadyEnrolled | TicketGone), each
    for table in ("account", "account JOIN passkey USING (account_id)", "participation"):
        count = await admin.fetchval(
            f"SELECT count(*) FROM {table} WHERE participant_id = $1", hanako.participant_id
        )
        assert count == 1, table
    assert await admin.fetchval(
        "SELECT used_at IS NOT NULL FROM activation_code WHERE participant_id = $1",
        hanako.participant_id,
    )


async def test_of_two_facilities_that_type_one_code_at_once_exactly_one_is_let_in(own_world: World):
    code = await desk_code.make(own_world.hanako, level=0)
    doctors = (own_world.sato, own_world.mori)
    results = await _together(*(desk_code.redeem(who, code.digits) for who in doctors * 2))
    assert [each for each in results if not isinstance(each, BaseException)] == [
        own_world.hanako.participant_id
    ], results
    assert sum(isinstance(each, DeskCodeRefused) for each in results) == 3
    (row,) = (await consent.settings(own_world.hanako)).directive.provisions
    winner = next(
        who
        for who, each in zip(doctors * 2, results, strict=True)
        if not isinstance(each, BaseException)
    )
    assert row.facility_id == winner.facility_id


async def test_codes_made_at_once_leave_one_that_opens(own_world: World):
    made = await _together(*(desk_code.make(own_world.hanako, level=0) for _ in range(3)))
    tried = [await _together(desk_code.redeem(own_world.sato, each.digits)) for each in made]
    opened = [each for (each,) in tried if not isinstance(each, BaseException)]
    assert opened == [own_world.hanako.participant_id]


async def test_a_request_answered_twice_at_once_is_answered_once(own_world: World):
    taro, until = own_world.taro, clock.now() + timedelta(days=3)
    results = await _together(
        requests.approve(taro, own_world.request_id, whom="facility", until=until, level=0),
        requests.refuse(taro, own_world.request_id),
        requests.approve(taro, own_world.request_id, whom="professional", until=until, level=0),
    )
    assert sum(isinstance(each, NotFound) for each in results) == 2, results
    agreed_on = agreed((await consent.settings(taro)).directive)
    assert len(agreed_on) == (0 if results[1] is None else 1)


async def test_one_paper_handed_in_twice_at_once_is_taken_once(own_world: World):
    person, card = await scene.participant("山本 太郎", "ヤマモト タロウ")
    signed = clock.today_in_japan().isoformat()
    table = (
        "card,birth_date,choice,facilities,signed_on,until,scan\n"
        f"{card.digits},1940-04-09,participate,{own_world.clinic.code},{signed},,a.pdf"
    ).encode()

    async def hand_in() -> paper_import.Import:
        import_id, lines = await paper_import.begin(own_world.ueda, "list.csv", table)
        await paper_import.take_in(own_world.ueda, import_id, lines, {"a.pdf": b"%PDF-"}.get)
        return (await paper_import.one_import(own_world.ueda, import_id))[0]

    results = await asyncio.gather(*(hand_in() for _ in range(4)))
    assert sum(each.taken for each in results) == 1, results
    assert sum(each.unchanged for each in results) == 3, results
    assert len(await paper_import.own_papers(person)) == 1


async def test_an_approval_and_a_withdrawal_at_once_leave_nobody_let_in(own_world: World):
    taro, mori = own_world.taro, own_world.mori
    until = clock.now() + timedelta(days=3)
    subject = taro.participant_id
    assert subject
    results = await _together(
        requests.approve(taro, own_world.request_id, whom="professional", until=until, level=0),
        leaving.take_part(taro, "withdrawn"),
        records.read(mori, subject),
    )
    assert not isinstance(results[1], BaseException), results[1]
    assert isinstance(results[0], CannotApprove) or not isinstance(results[0], BaseException)
    assert (await records.read(mori, subject)).total == 0


async def test_one_demo_link_used_at_once_opens_one_session(attacking, own_world: World):
    account = own_world.hanako.account_id
    assert account
    link = await demo_door.make_demo_link(account)

    async def use() -> httpx.Response:
        async with attacking() as browser:
            return await browser.send("POST", "/demo/sign-in", form={"token": link}, html=True)

    answers = await asyncio.gather(*(use() for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 5


async def test_every_read_was_decided_under_the_settings_in_force_at_its_place_in_the_log(
    own_world: World, admin: asyncpg.Connection
):
    """Reads race a hand that turns the hospital off and on; the log alone must tell who was let in.

    Between two changes in the log, every event of the other facility says what the change before
    it says.
    """
    taro, hospital = own_world.taro, own_world.hospital
    subject = taro.participant_id
    assert subject
    await admin.execute(
        "UPDATE record SET source_facility_id = $1 WHERE participant_id = $2",
        own_world.clinic.facility_id,
        subject,
    )
    await admin.execute("DELETE FROM facility_patient WHERE participant_id = $1", subject)
    mori = own_world.mori
    shown: dict[int, int] = {}
    is_done = asyncio.Event()

    async def reads() -> None:
        while not is_done.is_set():
            page = await records.read(mori, subject, ("MedicationRequest",))
            assert page.number is not None
            shown[page.number] = page.total

    async def looks() -> None:
        while not is_done.is_set():
            await finding.show(mori, subject)

    async def turns() -> None:
        version = 1
        for turn in range(30):
            await consent.change(
                taro,
                [SetFacility(hospital.facility_id, on=turn % 2 == 1)],
                expected_version=version,
            )
            version += 1
            await asyncio.sleep(0.01)
        is_done.set()

    await asyncio.gather(turns(), *(reads() for _ in range(4)), *(looks() for _ in range(2)))
    page = await access_log.page(taro, count=100_000)
    rows = page.rows[::-1]
    assert [row.number for row in rows] == list(range(1, len(rows) + 1)), "a gap in the log"
    is_in, version, decided = None, 0, {"permitted": 0, "denied": 0}
    for row in rows:
        if row.event == EventName.DISCLOSURE_CHANGED:
            assert row.detail["version"] == version + 1, "the versions are not in the log's order"
            version = row.detail["version"]
            is_in = row.detail["change"][0]["on"]
        elif row.event.startswith("records:"):
            outcome = "permitted" if is_in else "denied"
            assert row.outcome == outcome, (row.number, version)
            decided[outcome] += 1
            if row.number in shown:
                assert shown[row.number] == (1 if is_in else 0)
    assert version == 31
    assert min(decided.values()) >= 10, decided
    assert len(shown) >= 20


async def test_batches_over_the_same_people_while_they_change_their_settings(
    own_world: World, admin: asyncpg.Connection
):
    """Reads of both cross in several batches at once with what takes the same locks."""
    both = (own_world.taro, own_world.hanako)
    system = Actor(
        kind=ActorKind.SYSTEM, facility_id=own_world.hospital.facility_id, purpose_of_use="TREAT"
    )
    before = {who.participant_id: await _reads_of(admin, who) for who in both}

    async def changing(who: Actor) -> None:
        for turn in range(6):
            version = (await consent.settings(who)).directive.version
            await consent.change(
                who, [SetCategory("lab", on=bool(turn % 2))], expected_version=version
            )

    async def reading(turn: int) -> tuple[UUID, int | None]:
        who = both[turn % 2].participant_id
        assert who is not None
        return who, (await records.read(system, who)).number

    changes = [asyncio.create_task(changing(who)) for who in both]
    answered = [each for n in range(3) for each in await _together(*map(reading, range(n, 80 + n)))]
    assert not [each for each in answered if isinstance(each, BaseException)]
    await asyncio.gather(*changes)
    assert len(set(answered)) == len(answered), "one number for two answers"
    for who in both:
        rows = await _reads_of(admin, who)
        told = {number for whose, number in answered if whose == who.participant_id}
        assert rows - before[who.participant_id] == told
    assert not await admin.fetchval("SELECT count(*) FROM access_log_head WHERE owes <> '{}'")


async def _reads_of(admin: asyncpg.Connection, who: Actor) -> set[int]:
    rows = await admin.fetch(
        "SELECT pseq FROM access_event WHERE participant_id = $1 AND event = $2",
        who.participant_id,
        EventName.RECORD_READ,
    )
    return {row["pseq"] for row in rows}
