"""New terms for everybody: Ueda asks, Hanako agrees, Tarō refuses, Yumi says nothing."""

from datetime import timedelta

import asyncpg
import pytest
import pytest_asyncio

from api.consent import policies
from api.consent import service as consent
from api.consent.errors import CampaignIsOpen, DayTooNear, NothingAsked, NotThoseTerms
from api.consent.facts import TREATMENT, Request
from api.consent.lifecycle import campaigns, terms
from api.consent.settings.requesters import anybody_of
from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from notifications import service as notifications
from tests.conftest import Deployment
from tests.lifecycle.conftest import Join
from tests.portal import scene
from tests.portal.scene import Visitor


@pytest_asyncio.fixture
async def afterwards(network: Deployment):
    """Whatever a test left open is called off, so that the next one can ask."""
    yield
    for each in await campaigns.campaigns(OPERATOR):
        if each.is_open:
            await campaigns.call_off(OPERATOR, each.campaign_id)


def some_day():
    return clock.today_in_japan() + timedelta(days=30)


async def is_let_in(who: Visitor, place: scene.Place, *, at=None) -> bool:
    """Whether a doctor there would be let in, by the policy a read uses."""
    subject = who.actor.participant_id
    assert subject is not None
    policies.forget(subject)
    policy = (await policies.policy(who.actor, subject)).policy
    line = (await directory.named(OPERATOR, [place.facility_id]))[place.facility_id]
    asking = anybody_of(line)
    return policy.scope(Request(asking, TREATMENT, at or clock.now())).outcome == "permit"


@pytest_asyncio.fixture
async def three(joined: Join, network: Deployment) -> tuple[list[Visitor], scene.Place]:
    """They joined under the terms before, and let a clinic in."""
    people = [await joined(name) for name in ("山本 花子", "山本 太郎", "山本 由美")]
    clinic = await scene.place("れんげ内科", "レンゲナイカ", "Renge Clinic", "clinic")
    for each in people:
        await consent.change(
            each.actor, [SetFacility(facility_id=clinic.facility_id, on=True)], expected_version=0
        )
    return people, clinic


async def open_by_page(ueda: Visitor, version: str) -> str:
    """Asked for, looked at once more, confirmed."""
    form = {"version": version, "answer_by": some_day().isoformat()}
    looked = await ueda.post("/support/campaigns", **form)
    assert looked.status_code == 200
    assert 'name="confirm" value="yes"' in looked.text
    assert "期限までは、取りやめることができます。" in looked.text
    return await ueda.follow(await ueda.post("/support/campaigns", **form, confirm="yes"))


async def test_asked_by_page_each_answers_and_the_page_counts(
    three, ueda: Visitor, new_terms: str, afterwards: None
) -> None:
    (hanako, taro, yumi), clinic = three
    before = (await consent.settings(hanako.actor)).participation
    page = await open_by_page(ueda, new_terms)
    (campaign, *_) = await campaigns.campaigns(ueda.actor)
    asked = campaign.progress.asked
    assert asked >= 3
    assert campaign.progress == (asked, 0, 0, asked)
    assert f"お返事 {asked}人中0人" in page
    assert '<progress id="bar-' in page
    while await notifications.deliver():
        pass
    home = (await hanako.get("/home")).text
    assert "新しい約束があります。" in home
    assert "/participation/terms?refuse=true" in home
    assert (await hanako.log())[0]["sentence"] == "新しい約束について、お返事をお願いしました。"
    assert "新しい約束へのお返事をお願いします" in (await hanako.get("/inbox")).text
    shown = (await hanako.get("/participation/terms")).text
    assert "介護の事業所も見られるようになります。" in shown
    await hanako.follow(
        await hanako.post("/participation/terms", answer="accept", version=new_terms)
    )
    after = (await consent.settings(hanako.actor)).participation
    assert (after.state, after.terms_version) == ("participating", new_terms)
    assert (after.data_from, after.joined_at) == (before.data_from, before.joined_at)
    assert after.ends_at is None
    assert "新しい約束があります。" not in (await hanako.get("/home")).text
    warned = (await taro.get("/participation/terms?refuse=true")).text
    assert "すぐに参加が終わり、どの施設も記録を見られなくなります。" in warned
    assert await is_let_in(taro, clinic)
    await taro.post("/participation/terms", answer="refuse", version=new_terms)
    assert not await is_let_in(taro, clinic)
    assert (await consent.settings(taro.actor)).directive.version == 1
    (campaign, *_) = await campaigns.campaigns(ueda.actor)
    assert campaign.progress == (asked, 1, 1, asked - 2)
    ended = campaign.ends_at
    assert await is_let_in(yumi, clinic, at=ended - timedelta(seconds=1))
    assert not await is_let_in(yumi, clinic, at=ended)
    assert await is_let_in(hanako, clinic, at=ended)


async def test_whoever_refused_may_agree_after_all_and_is_as_before(
    three, new_terms: str, afterwards: None
) -> None:
    (_, taro, _), clinic = three
    before = (await consent.settings(taro.actor)).participation
    await campaigns.open_campaign(OPERATOR, new_terms, some_day())
    for answer in ("refuse", "accept"):
        sent = {"answer": answer, "version": new_terms}
        assert (await taro.tell("/me/participation/terms", sent)).status_code == 200
    after = (await consent.settings(taro.actor)).participation
    assert (after.data_from, after.joined_at) == (before.data_from, before.joined_at)
    assert await is_let_in(taro, clinic)
    with pytest.raises(NothingAsked):
        await terms.answer(taro.actor, "refuse", new_terms)


async def test_unanswered_it_ends_by_itself_at_the_next_read_and_comes_back_with_an_answer(
    three, new_terms: str, network: Deployment, afterwards: None
) -> None:
    (_, _, yumi), clinic = three
    campaign_id = await campaigns.open_campaign(OPERATOR, new_terms, some_day())
    known = await policies.policy(yumi.actor, yumi.actor.participant_id)
    connection = await asyncpg.connect(network.admin_dsn)
    await connection.execute(
        "UPDATE consent_campaign SET ends_at = now() - interval '1 second' WHERE campaign_id = $1",
        campaign_id,
    )
    await connection.close()
    assert known.policy_version > 0
    assert not await is_let_in(yumi, clinic)
    shown = (await yumi.ask("/me/disclosure")).json()
    assert shown["participation"]["state"] == "lapsed"
    assert "参加が止まっています" in (await yumi.get("/home")).text
    page = (await yumi.get("/participation/terms")).text
    assert "同意すると、また続けられます。" in page
    await yumi.post("/participation/terms", answer="accept", version=new_terms)
    assert await is_let_in(yumi, clinic)


async def test_opening_moves_every_policy_so_that_no_worker_decides_from_an_old_one(
    three, new_terms: str, afterwards: None
) -> None:
    (hanako, *_), _ = three
    subject = hanako.actor.participant_id
    old = await policies.policy(hanako.actor, subject)
    campaign_id = await campaigns.open_campaign(OPERATOR, new_terms, some_day())
    async with unit_of_work(hanako.actor) as tx:
        opened = await tx.fetchval("SELECT policy_version FROM access_log_head")
    assert opened == old.policy_version + 1
    assert (await consent.settings(hanako.actor)).participation.ends_at is not None
    await campaigns.call_off(OPERATOR, campaign_id)
    async with unit_of_work(hanako.actor) as tx:
        assert await tx.fetchval("SELECT policy_version FROM access_log_head") == opened + 1
    assert (await consent.settings(hanako.actor)).participation.ends_at is None
    assert await terms.question(hanako.actor) is None
    assert (await hanako.log())[0]["sentence"] == "新しい約束の案内が取りやめになりました。"


async def test_what_cannot_be_asked_is_said_and_nobody_is_asked(
    three, ueda: Visitor, new_terms: str, afterwards: None
) -> None:
    (hanako, *_), _ = three
    with pytest.raises(NotThoseTerms):
        await campaigns.open_campaign(OPERATOR, "2026-11", some_day())
    with pytest.raises(DayTooNear):
        await campaigns.open_campaign(OPERATOR, new_terms, clock.today_in_japan())
    with pytest.raises(NotFound):
        await campaigns.open_campaign(hanako.actor, new_terms, some_day())
    for day in ("", "soon", clock.today_in_japan().isoformat()):
        answer = await ueda.post("/support/campaigns", version=new_terms, answer_by=day)
        assert answer.status_code == 422
        assert 'id="error-answer_by"' in answer.text
    assert await terms.question(hanako.actor) is None
    await campaigns.open_campaign(OPERATOR, new_terms, some_day())
    with pytest.raises(CampaignIsOpen):
        await campaigns.open_campaign(OPERATOR, new_terms, some_day())
    stale = {"answer": "accept", "version": "2026-11"}
    assert (await hanako.tell("/me/participation/terms", stale)).status_code == 409


async def test_nobody_but_the_support_centre_may_ask_or_count(three, new_terms: str) -> None:
    (hanako, *_), _ = three
    for call in (
        "consent_open_campaign('x', current_date)",
        "consent_campaign_progress(uuidv7())",
        "consent_call_off_campaign(uuidv7())",
        "consent_tell_of_facility(uuidv7(), '{}', 'permit')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(hanako.actor) as tx:
                await tx.execute(f"SELECT {call}")
