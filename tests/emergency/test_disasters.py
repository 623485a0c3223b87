"""An earthquake: officers declare an area, and Dr Mori opens summaries there by four items."""

import secrets
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest

from api.access_log import service as access_log
from api.core.actor import OPERATOR, Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import registry
from api.directory.registry import NewFacility
from api.emergency import choices, reviews
from api.emergency import service as emergency
from api.emergency.disaster import service as disasters
from api.emergency.errors import (
    DisasterRefused,
    NotOpened,
    SessionOver,
    SummaryOnly,
    WordsNeeded,
)
from api.emergency.reach import Choice
from api.emergency.service import Opened
from api.records.emergency import service as in_emergency
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import ground, joined, who, wrote
from tests.emergency.test_doors import bearer, carded
from tests.emergency.test_refused import btg
from tests.emergency.test_reviews import told
from tests.portal import scene
from tests.portal.scene import Place

# Where no other test has a facility, so that what runs here runs for nobody else.
AREA, ELSEWHERE = "ashikita", "amakusa"
BORN = {"birth_era": "showa", "birth_year": "15", "birth_month": "4", "birth_day": "9"}


class Victim(NamedTuple):
    actor: Actor
    items: dict[str, str]


async def hospital_in(region: str) -> Place:
    code = f"43{secrets.randbelow(10**8):08}"
    name = ("あしきた救急病院", "アシキタキュウキュウ", "Ashikita Emergency")
    facility_id = await registry.add_facility(
        OPERATOR, NewFacility(code, *name, "hospital", region)
    )
    return Place(facility_id, code, name[0], name[2])


@pytest.fixture
async def near(database) -> Place:
    return await hospital_in(AREA)


@pytest.fixture
async def mori(near) -> Actor:
    return await scene.professional(near, "森 直子", "physician")


@pytest.fixture
async def tsuruyo(database) -> Victim:
    own = "".join("アイウエオカキクケコサシスセソタ"[int(each, 16)] for each in uuid7().hex[-8:])
    actor = await joined("小松 鶴代", f"コマツ {own}")
    return Victim(actor, {"name": "小松 鶴代", "name_kana": f"コマツ {own}", "sex": "female"})


@pytest.fixture
async def declared(ueda: Actor, colleague: Actor) -> AsyncIterator[UUID]:
    disaster_id = await disasters.declare(ueda, AREA, 24, "大きな地震")
    await disasters.confirm(colleague, disaster_id)
    yield disaster_id
    if (await disasters.look(ueda, disaster_id))[0].may_end:
        await disasters.end(ueda, disaster_id)


async def tapped(mori: Actor, victim: Victim) -> Opened:
    found = await emergency.find_by_items(mori, *victim.items.values(), birth_on=date(1940, 4, 9))
    assert found == who(victim.actor)
    one_tap = ground(reason="disaster", words="", identification="four_items")
    return await emergency.open_session(mori, found, one_tap)


async def over(admin: Any, disaster_id: UUID) -> None:
    """As if it had been declared three days earlier."""
    of = f"WHERE disaster_id = '{disaster_id}'"
    await unguarded(
        admin,
        f"UPDATE disaster_confirmation SET confirmed_at = confirmed_at - interval '72 hours',"
        f" until_at = until_at - interval '72 hours' {of}",
    )


async def test_one_officer_declares_nothing(mori, tsuruyo, ueda):
    disaster_id = await disasters.declare(ueda, AREA, 72, "大きな地震")
    with pytest.raises(DisasterRefused):
        await disasters.confirm(ueda, disaster_id)
    assert AREA not in [each.region for each in await disasters.running(mori)]
    with pytest.raises(NotOpened, match="no_words"):
        await tapped(mori, tsuruyo)
    await disasters.end(ueda, disaster_id)


async def test_four_items_and_one_tap_open_the_summary_and_no_more(mori, tsuruyo, clinic, declared):
    await wrote(clinic, tsuruyo.actor, "allergy", "ペニシリン")
    await wrote(clinic, tsuruyo.actor, "lab", "HbA1c")
    session = await tapped(mori, tsuruyo)
    assert session.is_active
    seen = await in_emergency.summary(mori, session.session_id)
    assert [line.title for line in seen.lines] == ["ペニシリン"]
    with pytest.raises(SummaryOnly):
        await emergency.widen(mori, session.session_id)
    assert await told(tsuruyo.actor) == ["emergency_opened"]
    read, opening = (await access_log.page(tsuruyo.actor, count=2)).rows
    assert (read.event, read.purpose_of_use) == ("records:record:read", "BTG")
    assert opening.detail["told"]["reason"]["ja"] == "災害"
    assert (await reviews.about_me(tsuruyo.actor))[0].state == "pending"


async def test_refusals_exclusions_and_ceilings_stay(mori, tsuruyo, clinic, declared):
    await wrote(clinic, tsuruyo.actor, "allergy", "ペニシリン")
    await wrote(clinic, tsuruyo.actor, "prescription", "ワルファリン")
    await choices.choose(tsuruyo.actor, Choice("ceiling", ("allergy",), 0, False))
    session = await tapped(mori, tsuruyo)
    seen = await in_emergency.summary(mori, session.session_id)
    assert [line.title for line in seen.lines] == ["ペニシリン"]
    await choices.choose(tsuruyo.actor, Choice("refuse"))
    with pytest.raises(SessionOver):
        await in_emergency.summary(mori, session.session_id)
    with pytest.raises(NotOpened) as refused:
        await tapped(mori, tsuruyo)
    assert refused.value.key == "error.emergency.not_open"


async def test_only_where_it_is_declared_and_by_four_items(tsuruyo, declared):
    far = await hospital_in(ELSEWHERE)
    elsewhere = await scene.professional(far, "別の医師", "physician")
    with pytest.raises(NotOpened, match="no_words"):
        await tapped(elsewhere, tsuruyo)
    here = await scene.professional(await hospital_in(AREA), "森 直子", "physician")
    for identification, reason in (("card", "disaster"), ("four_items", "unconscious")):
        wordless = ground(reason=reason, words="", identification=identification)
        with pytest.raises(NotOpened, match="no_words"):
            await emergency.open_session(here, who(tsuruyo.actor), wordless)
    clinic = await hospital_in(AREA)
    pharmacist = await scene.professional(clinic, "伊藤 美咲", "pharmacist")
    with pytest.raises(NotOpened, match="no_right"):
        await tapped(pharmacist, tsuruyo)


async def test_it_ends_by_itself_in_the_middle_of_a_session(mori, tsuruyo, clinic, declared, admin):
    await wrote(clinic, tsuruyo.actor, "allergy", "ペニシリン")
    session = await tapped(mori, tsuruyo)
    assert len((await in_emergency.summary(mori, session.session_id)).lines) == 1
    await over(admin, declared)
    with pytest.raises(SessionOver):
        await in_emergency.summary(mori, session.session_id)
    assert (await emergency.view(mori, session.session_id)).ending == "expired"
    with pytest.raises(NotOpened, match="no_words"):
        await tapped(mori, tsuruyo)


async def test_a_session_with_words_outlives_it_and_may_be_widened(
    mori, tsuruyo, clinic, declared, ueda
):
    await wrote(clinic, tsuruyo.actor, "lab", "HbA1c")
    named = ground(reason="disaster", identification="four_items")
    session = await emergency.open_session(mori, who(tsuruyo.actor), named)
    await disasters.end(ueda, declared)
    await emergency.widen(mori, session.session_id)
    seen = await in_emergency.summary(mori, session.session_id)
    assert [line.title for line in seen.lines] == ["HbA1c"]


async def test_one_officer_ends_it_and_two_renew_it(mori, tsuruyo, declared, ueda, colleague):
    before = (await disasters.look(ueda, declared))[0].until_at
    await disasters.ask_to_renew(colleague, declared, 72)
    with pytest.raises(DisasterRefused):
        await disasters.confirm(colleague, declared)
    with pytest.raises(DisasterRefused):
        await disasters.ask_to_renew(ueda, declared, 24)
    await disasters.confirm(ueda, declared)
    after = (await disasters.look(ueda, declared))[0].until_at
    assert before is not None
    assert after is not None
    assert timedelta(hours=47) < after - before < timedelta(hours=49)
    session = await tapped(mori, tsuruyo)
    await disasters.end(colleague, declared)
    with pytest.raises(SessionOver):
        await in_emergency.summary(mori, session.session_id)
    for deed in (
        disasters.end(ueda, declared),
        disasters.confirm(ueda, declared),
        disasters.ask_to_renew(ueda, declared, 24),
    ):
        with pytest.raises(DisasterRefused):
            await deed


async def test_a_declaration_is_reviewed_in_bulk_each_by_itself(
    mori, tsuruyo, clinic, declared, ueda, colleague
):
    other = await joined("小松 亀代", f"コマツ {uuid7().hex[-8:]}")
    session = await tapped(mori, tsuruyo)
    one_tap = ground(reason="disaster", words="", identification="four_items")
    queried = await emergency.open_session(mori, who(other), one_tap)
    await reviews.query(colleague, queried.session_id, "どのように確かめましたか")
    _, waiting = await disasters.look(ueda, declared)
    assert [each.session_id for each in waiting] == [session.session_id, queried.session_id]
    with pytest.raises(WordsNeeded):
        await disasters.justify_all(ueda, declared, " ")
    assert await disasters.justify_all(ueda, declared, "地震の救護") == 1
    _, waiting = await disasters.look(ueda, declared)
    assert [each.state for each in waiting] == ["queried"]
    assert set(await told(tsuruyo.actor)) == {"emergency_opened", "emergency_reviewed"}
    assert (await access_log.page(tsuruyo.actor, count=1)).rows[0].detail["said"] == "地震の救護"


async def test_only_officers_declare(mori, tsuruyo, declared):
    for actor in (mori, tsuruyo.actor):
        for deed in (
            disasters.declare(actor, AREA, 24, "x"),
            disasters.confirm(actor, declared),
            disasters.ask_to_renew(actor, declared, 24),
            disasters.end(actor, declared),
            disasters.all_of(actor),
            disasters.justify_all(actor, declared, "x"),
        ):
            with pytest.raises(NotFound):
                await deed


@pytest.mark.parametrize(("region", "hours"), [("nowhere", 24), (AREA, 73), (AREA, 0)])
async def test_no_other_area_and_no_longer_than_three_days(ueda, region: str, hours: int):
    with pytest.raises(DisasterRefused):
        await disasters.declare(ueda, region, hours, "大きな地震")


CONFIRM = (
    "INSERT INTO disaster_confirmation (disaster_id, turn, asked_by, confirmed_by, by_name,"
    " confirmed_at, until_at) VALUES ($1, $2, $3, $4, '', now(), now() + interval '1 year')"
)


async def test_postgresql_refuses_what_officers_may_not(
    mori, tsuruyo, ueda, colleague, declared, admin
):
    waiting = await disasters.declare(ueda, AREA, 72, "大きな地震")

    async def refused(actor: Actor, statement: str, *fields: Any) -> None:
        with pytest.raises((asyncpg.PostgresError,)):
            async with unit_of_work(actor) as tx:
                await tx.execute(statement, *fields)

    # The second is not the first, whoever they say they are.
    await refused(ueda, CONFIRM, waiting, 1, ueda.account_id, colleague.account_id)
    await refused(ueda, CONFIRM, waiting, 1, colleague.account_id, ueda.account_id)
    await refused(mori, CONFIRM, waiting, 1, ueda.account_id, mori.account_id)
    turn = "INSERT INTO disaster_turn (disaster_id, turn, hours, by_name) VALUES ($1, $2, $3, '')"
    await refused(ueda, turn, declared, 2, 73)
    await refused(ueda, turn, waiting, 2, 24)
    for change in (
        "UPDATE disaster_turn SET hours = 72",
        "DELETE FROM disaster_end",
        "UPDATE disaster_confirmation SET until_at = now() + interval '9 days'",
    ):
        await refused(ueda, change)
    await disasters.end(ueda, waiting)
    await refused(colleague, CONFIRM, waiting, 1, ueda.account_id, colleague.account_id)
    async with unit_of_work(colleague) as tx:
        assert await tx.fetchval(
            "SELECT max(until_at - confirmed_at) FROM disaster_confirmation WHERE disaster_id = $1",
            declared,
        ) == timedelta(hours=24)
    session = (
        "INSERT INTO emergency_session (participant_id, session_id, professional_id, facility_id,"
        " by_name, reason, words, identification, identified_at, authenticated_at, disaster_id)"
        f" VALUES (app.subject(), gen_random_uuid(), '{mori.professional_id}',"
        f" '{mori.facility_id}', '森', 'disaster', '', 'four_items', now(), now(), $1)"
    )
    subject = who(tsuruyo.actor)
    for disaster_id in (None, waiting):
        with pytest.raises(asyncpg.PostgresError):
            async with unit_of_work(btg(mori), subject=subject) as tx:
                await tx.execute(session, disaster_id)
    opened = await tapped(mori, tsuruyo)
    widened = (
        "INSERT INTO emergency_step (participant_id, session_id, step, kind, state, after)"
        f" VALUES (app.subject(), '{opened.session_id}', 3, 'widened', 't2', 't1')"
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="summary is all"):
        async with unit_of_work(btg(mori), subject=subject) as tx:
            await tx.execute(widened)
    await over(admin, declared)
    async with unit_of_work(btg(mori), subject=subject) as tx:
        assert not await tx.fetchval(
            "SELECT app.emergency_runs($1, $2, $3)",
            subject,
            mori.professional_id,
            mori.facility_id,
        )


async def test_many_victims_are_looked_for_where_it_runs(mori, tsuruyo, declared):
    for _ in range(12):
        assert await emergency.find_by_items(
            mori, *tsuruyo.items.values(), birth_on=date(1940, 4, 9)
        ) == who(tsuruyo.actor)


@pytest.mark.parametrize(
    ("locale", "said"), [("ja", "芦北で、災害のときの体制"), ("en", "Disaster mode is in force in")]
)
async def test_the_front_pages_say_where_it_runs(
    at_a_desk, client, hanako, declared, ueda, locale: str, said: str
):
    phone = await at_a_desk(hanako)
    client.cookies.set("locale", locale)
    assert said in (await client.get("/", headers={"accept": "text/html"})).text
    assert said in (await phone.get("/home", locale=locale)).text
    found = (await client.get("/emergency/disasters", headers={"accept-language": locale})).json()
    assert AREA in [each["region"] for each in found]
    await disasters.end(ueda, declared)
    assert said not in (await phone.get("/home", locale=locale)).text


async def test_at_their_desks(at_a_desk, mori, tsuruyo, clinic, ueda, colleague):
    await wrote(clinic, tsuruyo.actor, "allergy", "ペニシリンアレルギー")
    first, second, desk = [await at_a_desk(each) for each in (ueda, colleague, mori)]
    assert "災害のため開く" not in (await desk.get("/clinic/emergency")).text
    form = {"region": AREA, "hours": "24", "words": "大きな地震"}
    assert (await first.post("/support/disaster", form | {"words": ""})).status_code == 422
    answer = await first.post("/support/disaster", form)
    path = answer.headers["location"]
    assert "もう一人の職員を待っています。" in await first.follow(answer)
    assert f'{path}/confirm"' not in (await first.get(path)).text
    assert f'{path}/confirm"' in (await second.get(path)).text
    assert (await first.post(f"{path}/confirm", {})).status_code == 409
    assert (await second.post(f"{path}/confirm", {})).status_code == 303
    assert path in (await second.get("/support/disaster")).text
    page = (await desk.get("/clinic/emergency")).text
    assert "災害のため開く" in page
    tap = tsuruyo.items | BORN | {"tap": "disaster"}
    summary = await desk.follow(await desk.post("/clinic/emergency", tap))
    assert "ペニシリンアレルギー" in summary
    assert "災害のときの体制で開きました。" in summary
    assert '/widen"' not in summary
    # The key that sends the form presses the tap's button too: who typed a card meant the card.
    card = {"by": "four_items", "tap": "disaster", "card": await carded(tsuruyo.actor)}
    again = await desk.post("/clinic/emergency", card | {"reason": "disaster", "words": "救護"})
    assert "すでに始まっています" in again.text
    assert "森 直子" in (await first.get(path)).text
    assert (await first.post(f"{path}/justified", {"words": "救護"})).status_code == 303
    assert "森 直子" not in (await first.get(path)).text
    assert (await first.post(f"{path}/end", {})).status_code == 303
    assert "終わりました。" in (await first.get(path)).text
    for visitor in (desk, await at_a_desk(tsuruyo.actor)):
        assert (await visitor.get("/support/disaster")).status_code == 404


async def test_the_emr_opens_without_a_word_too(client, near, mori, tsuruyo, clinic, declared):
    await wrote(
        clinic, tsuruyo.actor, "allergy", "ペニシリン", body='{"resourceType":"Observation"}'
    )
    emr = await bearer(near, mori)
    asked = {"reason": "disaster", "four_items": tsuruyo.items | {"birth_on": "1940-04-09"}}
    answer = await client.post("/emergency/sessions", json=asked, headers=emr)
    assert answer.status_code == 201, answer.text
    assert answer.json()["in_disaster"]
    path = f"/emergency/sessions/{answer.json()['session_id']}"
    assert (await client.get(f"{path}/records", headers=emr)).json()["total"] == 1
    assert (await client.post(f"{path}/widened", headers=emr)).status_code == 409
