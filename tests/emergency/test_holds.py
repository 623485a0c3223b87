"""Dr Mori asks that the notice wait, for Hanako is in danger at home; two officers answer."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from msgspec import structs

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from api.core import i18n
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.emergency import reviews
from api.emergency import service as emergency
from api.emergency.errors import HoldRefused, WordsHoldMyNumber, WordsNeeded
from api.emergency.holding import service as holds
from api.records import service as records
from api.records.emergency import service as in_emergency
from tests.access_log.sealed import seal
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import DANGER, held_back, opened, who, wrote
from tests.emergency.test_doors import bearer, carded
from tests.emergency.test_refused import btg
from tests.emergency.test_reviews import told
from tests.portal import scene

WITHHELD = "access_log:event:withheld"


async def events(hanako: Actor) -> list[str]:
    """Newest first, but for her joining."""
    rows = (await access_log.page(hanako, count=50)).rows
    return [row.event for row in rows if not row.event.startswith("consent:")]


async def state(ueda: Actor, session: Any) -> str:
    found = [each for each in await holds.asked(ueda) if each.session_id == session.session_id]
    return found[0].state


async def later(admin: Any, session: Any, by: timedelta) -> None:
    """As if it had all been asked for, and answered, earlier."""
    ago, of = f"interval '{by.total_seconds()} seconds'", f"'{session.session_id}'"
    await unguarded(
        admin,
        f"UPDATE emergency_hold_request SET asked_at = asked_at - {ago},"
        f" waits_until = waits_until - {ago} WHERE session_id = {of}",
        f"UPDATE emergency_hold SET asked_at = asked_at - {ago}, until_at = until_at - {ago}"
        f" WHERE session_id = {of}",
        f"UPDATE outbox SET not_before = not_before - {ago} WHERE not_before IS NOT NULL AND"
        f" participant_id = (SELECT participant_id FROM emergency_session WHERE session_id = {of})",
    )


async def test_until_two_officers_answer_nothing_is_told(mori, hanako, ueda, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await held_back(mori, hanako)
    assert len((await in_emergency.summary(mori, session.session_id)).lines) == 1
    assert await told(hanako) == []
    assert set(await events(hanako)) == {WITHHELD}
    assert await reviews.about_me(hanako) == []
    assert await state(ueda, session) == "waiting"


async def test_a_refusal_tells_all_of_it_at_once(mori, hanako, ueda):
    session = await held_back(mori, hanako)
    await holds.refuse(ueda, session.session_id)
    assert await told(hanako) == ["emergency_opened"]
    rows = (await access_log.page(hanako, count=3)).rows
    assert [row.event for row in rows] == [
        "emergency:notice:hold_refused",
        "emergency:session:opened",
        "emergency:notice:hold_asked",
    ]
    assert all(row.withheld == () for row in rows)
    assert rows[1].facility_id == mori.facility_id
    assert len(await reviews.about_me(hanako)) == 1
    assert await state(ueda, session) == "refused"
    for again in (holds.refuse(ueda, session.session_id), holds.agree(ueda, session.session_id, 1)):
        with pytest.raises(HoldRefused):
            await again


async def test_two_officers_hold_it_and_its_end_tells_it(mori, hanako, ueda, colleague, admin):
    session = await held_back(mori, hanako)
    await holds.agree(ueda, session.session_id, 2)
    assert await state(ueda, session) == "agreed"
    with pytest.raises(HoldRefused):
        await holds.agree(ueda, session.session_id, 2)
    await holds.agree(colleague, session.session_id, 1)
    assert await state(ueda, session) == "held"
    with pytest.raises(HoldRefused):
        await holds.refuse(ueda, session.session_id)
    # The request's half hour is over, the hold is not.
    await unguarded(
        admin,
        "UPDATE emergency_hold_request SET waits_until = now(),"
        f" asked_at = now() - interval '30 minutes' WHERE session_id = '{session.session_id}'",
    )
    assert await told(hanako) == []
    assert set(await events(hanako)) == {WITHHELD}
    await later(admin, session, timedelta(days=2))
    assert await told(hanako) == ["emergency_opened"]
    assert await events(hanako) == [
        "emergency:notice:held",
        "emergency:notice:held",
        "emergency:session:opened",
        "emergency:notice:hold_asked",
    ]
    assert await state(ueda, session) == "over"


async def test_no_answer_in_half_an_hour_tells_it(mori, hanako, ueda, admin):
    session = await held_back(mori, hanako)
    await holds.agree(ueda, session.session_id, 3)
    await later(admin, session, timedelta(minutes=29))
    assert await told(hanako) == []
    await later(admin, session, timedelta(minutes=2))
    assert await told(hanako) == ["emergency_opened"]
    assert "emergency:session:opened" in await events(hanako)
    assert await state(ueda, session) == "lapsed"


async def test_the_job_of_a_notice_moves_with_it(mori, hanako, taro, ueda, colleague, admin):
    """Whoever works the queue need not look again and again."""

    async def due_in(session: Any) -> timedelta:
        found: timedelta = await admin.fetchval(
            "SELECT j.execute_after - now() FROM jobs.pgqueuer j JOIN outbox o ON j.dedupe_key ="
            " 'notice/' || o.participant_id || '/' || o.notice_id"
            " WHERE o.event = 'emergency_opened' AND o.params ->> 'session' = $1",
            str(session.session_id),
        )
        return found

    refused, held = await held_back(mori, hanako), await held_back(mori, taro)
    for session in (refused, held):
        assert timedelta(minutes=29) < await due_in(session) <= timedelta(minutes=30)
    await holds.refuse(ueda, refused.session_id)
    assert await due_in(refused) <= timedelta()
    for officer in (ueda, colleague):
        await holds.agree(officer, held.session_id, 3)
    assert timedelta(hours=47) < await due_in(held) <= timedelta(hours=72)


async def test_one_hold_after_another_holds_no_notice_beyond_three_days(
    mori, hanako, hospital, ueda, colleague, admin
):
    async def agreed(session: Any) -> None:
        await holds.agree(ueda, session.session_id, 3)
        await holds.agree(colleague, session.session_id, 3)

    first = await held_back(mori, hanako)
    await agreed(first)
    await later(admin, first, timedelta(days=2))
    await unguarded(
        admin,
        "UPDATE outbox SET created_at = created_at - interval '2 days'"
        f" WHERE participant_id = '{hanako.participant_id}'",
    )
    other = await scene.professional(hospital, "別の医師", "physician")
    await agreed(await held_back(other, hanako))
    longest = await admin.fetch(
        "SELECT not_before - created_at FROM outbox WHERE participant_id = $1"
        " AND event = 'emergency_opened'",
        hanako.participant_id,
    )
    assert len(longest) == 2
    assert max(each[0] for each in longest) <= timedelta(hours=72)


async def test_what_a_refusal_told_another_request_does_not_take_back(
    at_a_desk, mori, hanako, hospital, ueda, database
):
    first = await held_back(mori, hanako)
    await holds.refuse(ueda, first.session_id)
    before = await events(hanako)
    assert "emergency:session:opened" in before
    await held_back(await scene.professional(hospital, "別の医師", "physician"), hanako)
    assert await events(hanako) == [WITHHELD, WITHHELD, *before]
    await seal(database)
    phone = await at_a_desk(hanako)
    bundle = (await phone.ask("/me/access-log/bundle")).text
    assert "森 直子" in bundle
    assert "別の医師" not in bundle


async def test_two_who_agree_too_late_take_nothing_back(mori, hanako, ueda, colleague, admin):
    session = await held_back(mori, hanako)
    await holds.agree(ueda, session.session_id, 3)
    await later(admin, session, timedelta(minutes=31))
    before = await events(hanako)
    assert WITHHELD not in before[1:]
    await holds.agree(colleague, session.session_id, 3)
    assert await events(hanako) == [WITHHELD, *before]


async def test_one_request_after_another_holds_no_row_beyond_its_own_half_hour(
    mori, hanako, ueda, colleague, admin
):
    async def kept_back_for() -> timedelta:
        async with unit_of_work(hanako) as tx:
            return await tx.fetchval("SELECT now() - emergency_kept_back_since()")

    first = await held_back(mori, hanako)
    await later(admin, first, timedelta(minutes=29))
    assert await kept_back_for() >= timedelta(minutes=29)
    await emergency.close(mori, first.session_id)
    second = await held_back(mori, hanako)
    await later(admin, first, timedelta(minutes=2))
    await later(admin, second, timedelta(minutes=5))
    assert timedelta(minutes=5) <= await kept_back_for() < timedelta(minutes=6)
    for officer in (ueda, colleague):
        await holds.agree(officer, second.session_id, 3)
    assert timedelta(minutes=5) <= await kept_back_for() < timedelta(minutes=6)


async def test_what_waits_when_two_agree_waits_with_it(
    mori, hanako, hospital, ueda, colleague, admin
):
    first = await held_back(mori, hanako)
    await later(admin, first, timedelta(minutes=20))
    other = await scene.professional(hospital, "別の医師", "physician")
    second = await held_back(other, hanako)
    for officer in (ueda, colleague):
        await holds.agree(officer, second.session_id, 3)
    await unguarded(
        admin,
        "UPDATE emergency_hold_request SET waits_until = clock_timestamp()"
        f" WHERE session_id = '{first.session_id}'",
    )
    assert set(await events(hanako)) == {WITHHELD}
    assert await told(hanako) == []


async def test_asked_afterwards_what_was_told_stays_told(mori, hanako, ueda, colleague, clinic):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await opened(mori, hanako)
    assert await told(hanako) == ["emergency_opened"]
    await holds.ask(mori, session.session_id, DANGER)
    with pytest.raises(HoldRefused):
        await holds.ask(mori, session.session_id, DANGER)
    await holds.agree(ueda, session.session_id, 1)
    await holds.agree(colleague, session.session_id, 1)
    await in_emergency.summary(mori, session.session_id)
    assert (await events(hanako))[0] == WITHHELD
    assert (await events(hanako))[-1] == "emergency:session:opened"


async def test_the_proof_she_takes_home_says_no_more_and_later_all(
    at_a_desk, mori, hanako, ueda, colleague, clinic, database, admin
):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await held_back(mori, hanako)
    await in_emergency.summary(mori, session.session_id)
    await seal(database)
    phone = await at_a_desk(hanako)
    ways = ("/me/access-log", "/me/access-log/bundle", "/me/access-log/export?format=csv")
    told_apart = ("森 直子", "熊本救命病院", "意識がない", str(session.session_id), "ペニシリン")

    async def said() -> str:
        answers = [await phone.ask(way) for way in ways]
        assert [each.status_code for each in answers] == [200] * len(ways)
        page = await phone.get("/access-log")
        return "".join(each.text for each in answers) + page.text

    now = await said()
    assert [each for each in (*told_apart, DANGER) if each in now] == []
    # Neither do the reason's own words say that it is an emergency, on a page or to an app.
    assert "emergency" not in (await phone.ask("/me/access-log/bundle")).text
    shown = (await phone.ask("/me/access-log")).json()["events"]
    reasons = {part["reason"] for each in shown for part in each["withheld"]}
    assert reasons == {i18n.text("ja", "withheld.reason.safety")}
    await holds.refuse(ueda, session.session_id)
    await seal(database)
    after = await said()
    assert "森 直子" in after
    assert "熊本救命病院" in after
    assert DANGER not in after
    assert '"reason":"own_safety"' not in after.replace(" ", "")


async def test_word_of_the_hospitals_first_ordinary_look_waits_with_it(
    mori, hanako, hospital, clinic, ueda
):
    await wrote(clinic, hanako, "allergy", "ペニシリン")
    session = await held_back(mori, hanako)
    settings = await consent.settings(hanako)
    let_in = SetFacility(hospital.facility_id, on=True)
    await consent.change(hanako, [let_in], expected_version=settings.directive.version)
    page = await records.read(structs.replace(mori, purpose_of_use="TREAT"), who(hanako), ())
    assert page.total == 1
    assert await told(hanako) == []
    await holds.refuse(ueda, session.session_id)
    assert set(await told(hanako)) == {"emergency_opened", "first_access"}


async def test_only_the_opener_asks_and_only_officers_answer(mori, hanako, taro, hospital, ueda):
    session = await held_back(mori, hanako)
    other = await scene.professional(hospital, "別の医師", "physician")
    with pytest.raises(NotFound):
        await holds.ask(other, session.session_id, DANGER)
    for actor in (mori, hanako):
        for deed in (
            holds.asked(actor),
            holds.agree(actor, session.session_id, 1),
            holds.refuse(actor, session.session_id),
        ):
            with pytest.raises(NotFound):
                await deed
    plain = await opened(mori, taro)
    for words, refusal in (("  ", WordsNeeded), ("1234 5678 9018", WordsHoldMyNumber)):
        with pytest.raises(refusal):
            await holds.ask(mori, plain.session_id, words)


async def test_postgresql_holds_to_it(mori, hanako, ueda, colleague):
    session = await held_back(mori, hanako)
    tries = {
        "a longer wait": (
            btg(mori),
            "UPDATE outbox SET not_before = now() + interval '90 days'",
        ),
        "an officer's own end": (
            ueda,
            "INSERT INTO emergency_hold_confirmation (participant_id, hold_id, asked_by, by_name)"
            f" SELECT app.subject(), gen_random_uuid(), '{ueda.account_id}', ''",
        ),
        "a request in another's session": (
            btg(await scene.professional(await _place(), "別の医師", "physician")),
            "INSERT INTO emergency_hold_request (participant_id, session_id, reason, by_name)"
            f" VALUES (app.subject(), '{session.session_id}', 'x', '')",
        ),
        "a refusal by the opener": (
            btg(mori),
            "INSERT INTO emergency_hold_refusal (participant_id, session_id, by_name)"
            f" VALUES (app.subject(), '{session.session_id}', '')",
        ),
    }
    for what, (actor, statement) in tries.items():
        refused = False
        async with unit_of_work(actor, subject=hanako.participant_id) as tx:
            try:
                async with tx.connection.transaction():
                    done = await tx.connection.execute(statement)
            except asyncpg.PostgresError:
                refused = True
            else:
                refused = done == "UPDATE 0"
        assert refused, what
    async with unit_of_work(ueda, subject=hanako.participant_id) as tx:
        # To when a waiting notice moves is not the officer's to say either.
        await tx.execute("UPDATE outbox SET not_before = now() + interval '90 days'")
        ends = await tx.fetchval("SELECT max(not_before) - now() FROM outbox")
    assert ends <= timedelta(minutes=30)


async def _place() -> Any:
    return await scene.place("阿蘇救急病院", "アソキュウキュウ", "Aso Emergency", "hospital")


async def test_the_participant_cannot_ask_the_database_what_is_held(mori, hanako):
    await held_back(mori, hanako)
    async with unit_of_work(hanako) as tx:
        for table in ("emergency_hold_request", "emergency_hold", "emergency_session"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_at_their_desks(at_a_desk, mori, hanako, ueda, colleague):
    desk = await at_a_desk(mori)
    form = {"by": "card", "card": await carded(hanako), "reason": "unconscious", "words": "倒れた"}
    answer = await desk.post("/clinic/emergency", form | {"hold": DANGER})
    session_id = answer.headers["location"].rpartition("/")[2]
    path = f"/support/emergency/{session_id}"
    first, second = await at_a_desk(ueda), await at_a_desk(colleague)
    page = (await first.get("/support/emergency")).text
    card = re.search(rf'id="hold-{session_id}".*?</article>', page, re.DOTALL)
    assert card
    assert DANGER in card.group()
    assert "答えを待っています。" in card.group()
    assert "山本 花子" not in card.group()
    assert (await first.post(f"{path}/hold", {"days": "2"})).status_code == 303
    assert "もう一人を待っています。" in (await second.get("/support/emergency")).text
    assert (await first.post(f"{path}/hold", {"days": "2"})).status_code == 409
    assert (await second.post(f"{path}/hold", {"days": "2"})).status_code == 303
    assert "二人が認めました。" in (await second.get("/support/emergency")).text
    assert (await desk.post(f"{path}/tell", {})).status_code == 404
    phone = await at_a_desk(hanako)
    assert "森 直子" not in (await phone.get("/disclosure/emergency")).text


async def test_the_emr_asks_too(client, hospital, mori, hanako, taro, ueda):
    emr = await bearer(hospital, mori)
    asked = {"reason": "unconscious", "words": "倒れた", "hold": DANGER}
    card = {"card": await carded(hanako)}
    answer = await client.post("/emergency/sessions", json=asked | card, headers=emr)
    assert answer.status_code == 201, answer.text
    assert await told(hanako) == []
    plain = {"reason": "unconscious", "words": "倒れた", "card": await carded(taro)}
    answer = await client.post("/emergency/sessions", json=plain, headers=emr)
    path = f"/emergency/sessions/{answer.json()['session_id']}/hold"
    for status in (202, 409):
        answer = await client.post(path, json={"reason": DANGER}, headers=emr)
        assert answer.status_code == status
    waiting = [each.reason for each in await holds.asked(ueda)]
    assert waiting.count(DANGER) >= 2


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
async def test_what_the_emr_asks_beside_the_session_waits_with_it(
    client, hospital, mori, hanako, ueda, purpose
):
    session = await held_back(mori, hanako)
    emr = await bearer(hospital, mori, purpose)
    subject, before = who(hanako), len(await events(hanako))
    for path in (f"AllergyIntolerance?patient={subject}", f"Patient/{subject}"):
        await client.get(f"/fhir/R4/{path}", headers=emr)
    await client.get(f"/fhir/R4/Consent?patient={subject}", headers=emr)
    assert len(await events(hanako)) == before + 3
    assert set(await events(hanako)) == {WITHHELD}
    await holds.refuse(ueda, session.session_id)
    assert WITHHELD not in await events(hanako)
