"""Naming somebody, witnessing at the counter, children and their parents, lost cards, safe mode."""

import re
from datetime import date, timedelta

import asyncpg
import pytest

from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind, Power
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity.card import CardNumber
from api.identity.enrolling import intake
from api.proxies import counter, rules, safety, service
from api.proxies.counter import Witnessed
from api.proxies.errors import NotThisStepNow, ProxyFaults, TooManyAsked, UnknownProxy
from notifications import service as notifications
from tests.identity.conftest import some_card
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.proxies.conftest import BORN, WEEK, Pair, paper

VIEW = frozenset({"view"})


async def asked(of: Visitor, card: str, name: str, **more: str) -> str:
    """The page that follows."""
    form = {"card": card, "name": name, "power_view": "yes", "ends_on": "", **more}
    return await of.follow(await of.post("/proxies/new", form))


def without_names(page: str) -> str:
    return re.sub(r"/proxies/[0-9a-f-]{36}|value=\"[^\"]{20,}\"|山本 (太郎|花子)", "", page)


async def test_taro_asks_yumi_she_accepts_and_acts(taro: Visitor, yumi: Visitor):
    assert yumi.card
    assert "返事を待っています" in await asked(taro, yumi.card.grouped, "山本　由美")
    while await notifications.deliver():
        pass
    assert "代わりをお願いされています" in (await yumi.get("/inbox")).text
    page = (await yumi.get("/proxies")).text
    assert "山本 太郎さん" in page
    (one,) = (await service.mine(yumi.actor)).for_others
    assert await service.acting(yumi.actor, one.principal_id) is None
    assert (await yumi.post(f"/proxies/{one.proxy_id}/accept")).status_code == 303
    found = await service.acting(yumi.actor, one.principal_id)
    assert found
    assert found.powers == {Power.VIEW}
    names = [row["event"] for row in await taro.log()]
    assert "proxies:proxy:named" in names
    assert "proxies:proxy:appointed" in names


async def test_whether_a_card_is_anybodys_cannot_be_told_from_the_answer(
    taro: Visitor, yumi: Visitor, hanako: Visitor
):
    assert yumi.card
    nobody = some_card(directory.profile().card_scheme)
    real = without_names(await asked(taro, yumi.card.digits, "山本 由美"))
    absent = without_names(await asked(hanako, nobody.digits, "山本 由美"))
    assert real == absent
    answer = await hanako.tell(
        "/me/proxies", {"card": yumi.card.digits, "name": "別の 人", "powers": ["view"]}
    )
    assert answer.status_code == 202
    assert [each["state"] for each in answer.json()["mine"]] == ["waiting", "waiting"]
    assert (await service.mine(yumi.actor)).for_others[0].principal == "山本 太郎"
    assert len((await service.mine(yumi.actor)).for_others) == 1


async def test_nobody_names_themselves_and_only_ten_a_day(taro: Visitor):
    assert taro.card
    await service.ask(taro.actor, taro.card.digits, "山本 太郎", VIEW, None)
    assert (await service.mine(taro.actor)).for_others == []
    for _ in range(9):
        await service.ask(taro.actor, taro.card.digits, "山本 太郎", VIEW, None)
    with pytest.raises(TooManyAsked):
        await service.ask(taro.actor, taro.card.digits, "山本 太郎", VIEW, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"card": "1234"}, "card"),
        ({"name": " "}, "name"),
        ({"name": "由美 1234 5678 9018"}, "name"),
        ({"name": "山本\u202e由美"}, "name"),
        ({"powers": []}, "powers"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
    ],
    ids=["card", "name", "a My Number", "a hidden mark", "powers", "ends_on"],
)
async def test_what_is_wrong_is_said_beside_it(taro: Visitor, yumi: Visitor, changes, field):
    assert yumi.card
    wish = {"card": yumi.card.digits, "name": "山本 由美", "powers": ["view"]} | changes
    answer = await taro.tell("/me/proxies", wish)
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {field}
    assert (await service.mine(taro.actor)).mine == []


async def test_no_paper_of_an_officer_keeps_a_my_number(
    taro: Visitor, yumi: Visitor, ueda: Visitor
):
    assert taro.card
    with pytest.raises(ProxyFaults):
        await counter.witness(ueda.actor, paper(taro, yumi, evidence="123456789018"))
    await safety.go_safe(taro.actor)
    with pytest.raises(ProxyFaults):
        await counter.leave_safe_mode(ueda.actor, taro.card.digits, BORN, "1234 5678 9018")
    assert (await service.mine(taro.actor)).is_safe


async def test_who_recovered_an_account_accepts_to_act_for_nobody_for_a_time(
    taro: Visitor, yumi: Visitor, admin: asyncpg.Connection
):
    assert yumi.card
    await service.ask(taro.actor, yumi.card.digits, "山本 由美", VIEW, None)
    (one,) = (await service.mine(yumi.actor)).for_others
    await admin.execute(
        "UPDATE account SET frozen_until = now() + interval '1 hour' WHERE account_id = $1",
        yumi.actor.account_id,
    )
    assert (await yumi.post(f"/proxies/{one.proxy_id}/accept")).status_code == 403
    assert (await yumi.tell(f"/me/proxies/{one.proxy_id}/acceptance", {})).status_code == 403
    assert await service.acting(yumi.actor, one.principal_id) is None


async def test_the_page_for_asking_keeps_what_was_typed(taro: Visitor):
    fresh = (await taro.get("/proxies/new")).text
    assert 'name="power_view" value="yes" id="field-powers" checked' in fresh
    answer = await taro.post("/proxies/new", card="12", name="由美", power_log="yes")
    assert answer.status_code == 422
    assert "カード番号を確かめてください" in answer.text
    assert 'value="由美"' in answer.text


async def test_every_proxy_ends_within_twelve_months(taro: Visitor, yumi: Visitor):
    assert yumi.card
    today = clock.today_in_japan()
    await service.ask(taro.actor, yumi.card.digits, "山本 由美", VIEW, today + timedelta(days=4000))
    (one,) = (await service.mine(taro.actor)).mine
    assert one.relation.ends_on == rules.last_day("voluntary", today, BORN, None)
    assert one.relation.ends_on <= today + timedelta(days=366)


async def test_a_witnessed_proxy_does_nothing_for_seven_days_and_needs_a_second_officer(
    taro: Visitor, yumi: Visitor, ueda: Visitor
):
    second = await scene.officer("第二 担当")
    await counter.witness(ueda.actor, paper(taro, yumi))
    (one,) = (await service.mine(taro.actor)).mine
    assert one.relation.opens_on == clock.today_in_japan() + WEEK
    assert (await service.mine(yumi.actor)).for_others == []
    assert await service.acting(yumi.actor, one.principal_id) is None
    for officer in (ueda.actor, second):
        with pytest.raises(NotThisStepNow):
            await counter.confirm(officer, one.principal_id, one.proxy_id)
    while await notifications.deliver():
        pass
    assert "代わりの方を決める手続きを受け付けました" in (await taro.get("/inbox")).text
    await service.end(taro.actor, one.proxy_id)
    assert (await service.mine(taro.actor)).mine == []


async def test_who_wrote_it_down_does_not_confirm_it_not_even_in_postgresql(
    taro: Visitor, yumi: Visitor, ueda: Visitor
):
    await counter.witness(ueda.actor, paper(taro, yumi), today=clock.today_in_japan() - WEEK)
    (one,) = (await service.mine(taro.actor)).mine
    with pytest.raises(NotThisStepNow):
        await counter.confirm(ueda.actor, one.principal_id, one.proxy_id)
    async with unit_of_work(ueda.actor, subject=one.principal_id) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="second officer"):
            await tx.execute(
                "INSERT INTO proxy_step (participant_id, proxy_id, step, act, state, after,"
                f" powers, ends_on, works_at, by_name) VALUES (app.subject(), '{one.proxy_id}', 2,"
                " 'confirmed', 'in_force', 'waiting', '{view}', current_date, $1, 'x')",
                list(one.works_at),
            )


async def test_the_officers_page_writes_down_and_confirms(
    taro: Visitor, yumi: Visitor, ueda: Visitor, open_browser
):
    assert taro.card
    assert yumi.card
    form = {
        "principal_card": taro.card.grouped,
        "principal_born": str(BORN),
        "representative_card": yumi.card.grouped,
        "representative_born": str(BORN),
        "kind": "adult_guardian",
        "power_view": "yes",
        "evidence": "登記事項証明書 棚4",
    }
    wrong = await ueda.post("/support/proxies", form | {"principal_born": "1950-01-01"})
    assert wrong.status_code == 422
    assert "カード番号と生年月日が合いません" in wrong.text
    page = await ueda.follow(await ueda.post("/support/proxies", form))
    assert "山本 太郎さんの代わりに、山本 由美さん" in page
    (one,) = (await service.mine(taro.actor)).mine
    own = f"/support/proxies/{one.principal_id}/{one.proxy_id}/confirm"
    assert own not in page
    second = await scene.visitor(await open_browser(), await scene.officer("第二 担当"))
    assert own in (await second.get("/support/proxies")).text
    assert (await second.post(own)).status_code == 303
    assert await service.acting(yumi.actor, one.principal_id)
    assert (await second.post(own)).status_code == 409


async def test_people_may_not_stand_at_the_officers_desk(taro: Visitor, yumi: Visitor):
    for path in ("/support/proxies", "/support/proxies/card", "/support/proxies/safe-mode"):
        assert (await taro.post(path)).status_code == 404
    with pytest.raises(asyncpg.PostgresError):
        await counter.witness(taro.actor, paper(taro, yumi))


async def child(born: date) -> tuple[Actor, CardNumber]:
    card = some_card(directory.profile().card_scheme)
    person = await intake.admit(
        OPERATOR, intake.Paper("山本 葵", "ヤマモト アオイ", "female", born), card
    )
    account_id = uuid7()
    await intake.open_account(OPERATOR, account_id=account_id, kind="participant", person_id=person)
    return (
        Actor(
            kind=ActorKind.PARTICIPANT,
            account_id=account_id,
            participant_id=person,
            name="山本 葵",
        ),
        card,
    )


def born_so_that_today_is_day(of_age: int, days: int) -> date:
    """A birth date whose person is `of_age` since `days` days (before it, if negative)."""
    today = clock.today_in_japan()
    wanted = today - timedelta(days=days)
    for shift in range(-3, 4):
        birth = date(wanted.year - of_age, wanted.month, min(wanted.day, 28)) + timedelta(shift)
        if rules.first_day_aged(birth, of_age) == wanted:
            return birth
    # Late in a month of which the fitting day was cut off above.
    birth = wanted + timedelta(days=1)
    return birth.replace(year=birth.year - of_age)


ALL_POWERS = frozenset(map(str, Power))


@pytest.mark.parametrize(
    ("age", "days", "powers", "sees_restricted"),
    [
        (15, -1, ALL_POWERS, True),
        (15, 0, {"view", "upload"}, False),
        (18, -1, {"view", "upload"}, False),
        (18, 0, None, False),
    ],
    ids=["14, last day", "15, first day", "17, last day", "18, first day"],
)
async def test_a_parent_acts_sees_or_does_nothing_as_the_child_grows_up(
    yumi: Visitor, ueda: Visitor, clinic: Place, age, days, powers, sees_restricted
):
    assert yumi.card
    aoi, card = await child(born := born_so_that_today_is_day(age, days))
    today = clock.today_in_japan()
    wish = Witnessed(
        card.digits, born, yumi.card.digits, BORN, "parent", ALL_POWERS, None, "戸籍 棚1"
    )
    second = await scene.officer("第二 担当")
    if powers is None:  # registered the day before, when Aoi was 17
        await counter.witness(ueda.actor, wish, today=today - timedelta(days=1))
    else:
        await counter.witness(ueda.actor, wish)
    (waiting,) = (
        each for each in await counter.waiting(second) if each.participant_id == aoi.participant_id
    )
    assert waiting.ends_on == rules.last_day_as_minor(born)
    if powers is None:
        with pytest.raises(UnknownProxy):
            await counter.confirm(second, waiting.participant_id, waiting.proxy_id)
        assert await service.acting(yumi.actor, waiting.participant_id) is None
        return
    await counter.confirm(second, waiting.participant_id, waiting.proxy_id)
    acting = await service.acting(yumi.actor, waiting.participant_id)
    assert acting
    assert acting.powers == powers
    plain = await scene.wrote(clinic, aoi, "lab", "血圧")
    restricted = await scene.wrote(clinic, aoi, "condition", "うつ病", sensitivity=1)
    header = {
        "authorization": f"Bearer {yumi.token}",
        "tsunagu-acting-for": str(aoi.participant_id),
    }
    listed = (await yumi.browser.get("/me/records", headers=header)).text
    assert "血圧" in listed
    assert ("うつ病" in listed) is sees_restricted
    assert (await yumi.browser.get(f"/me/records/{plain}", headers=header)).status_code == 200
    answer = await yumi.browser.get(f"/me/records/{restricted}", headers=header)
    assert (answer.status_code == 200) is sees_restricted
    answer = await yumi.browser.get("/me/access-log", headers=header)
    assert (answer.status_code == 200) is sees_restricted


async def test_postgresql_and_the_rules_agree_on_the_first_day_of_every_age(
    admin: asyncpg.Connection,
):
    births = [date(2008, 1, 1) + timedelta(days=each) for each in range(366 * 4)]
    for age in (15, 18):
        rows = await admin.fetch(
            "SELECT b, app.first_day_aged(b, $2) AS first FROM unnest($1::date[]) b", births, age
        )
        assert all(row["first"] == rules.first_day_aged(row["b"], age) for row in rows)


async def test_a_lost_card_pauses_every_proxy_until_taro_confirms_again(pair: Pair, ueda: Visitor):
    assert pair.taro.card
    await pair.switch()
    answer = await ueda.post(
        "/support/proxies/card", card=pair.taro.card.grouped, card_born=str(BORN)
    )
    assert answer.status_code == 303
    assert "いまはできません" in (await pair.yumi.get("/home")).text
    page = (await pair.yumi.get("/proxies")).text
    assert "カード" not in page
    assert (await pair.taro.post(f"/proxies/{pair.proxy_id}/resume")).status_code == 303
    assert (await pair.proxy()).relation.state == "in_force"
    assert "代わりに見ています" in (await pair.yumi.get("/home")).text


async def test_safe_mode_silently_stops_everybody_and_only_the_counter_ends_it(
    pair: Pair, ueda: Visitor
):
    await pair.switch()
    while await notifications.deliver():
        pass
    before = (await pair.yumi.ask("/me/notices")).json()["total"]
    assert (await pair.taro.post("/proxies/private")).status_code == 303
    assert "ご本人だけが使える" in (await pair.taro.get("/proxies/private")).text
    page = (await pair.yumi.get("/proxies")).text
    assert "いまはできません" in page
    for word in ("止めて", "自分だけで使うように", "セーフ"):
        assert word not in page
    told = (await pair.yumi.ask("/me/proxies")).json()["for_others"][0]
    assert (told["state"], told["reason"], told["powers_now"]) == ("suspended", "suspended", [])
    answer = await pair.yumi.browser.get(
        "/me/records",
        headers={
            "authorization": f"Bearer {pair.yumi.token}",
            "tsunagu-acting-for": pair.taro_id,
        },
    )
    assert answer.status_code == 404
    while await notifications.deliver():
        pass
    assert (await pair.yumi.ask("/me/notices")).json()["total"] == before
    assert (await pair.taro.get("/home")).status_code == 200  # his own access stays
    assert pair.taro.card
    desk = {"safe_card": pair.taro.card.digits, "safe_born": str(BORN)}
    assert (await ueda.post("/support/proxies/safe-mode", desk)).status_code == 422
    answer = await ueda.post("/support/proxies/safe-mode", desk, safe_evidence="本人 来所")
    assert answer.status_code == 303
    assert await service.acting(pair.yumi.actor, pair.taro.actor.participant_id)
    log = await pair.yumi.browser.get(
        "/me/access-log",
        headers={
            "authorization": f"Bearer {pair.yumi.token}",
            "tsunagu-acting-for": pair.taro_id,
        },
    )
    assert log.status_code == 200
    assert "safe_mode" not in log.text
    assert "自分だけで使う" not in log.text
    own = [row["event"] for row in await pair.taro.log()]
    assert own.count("proxies:safe_mode:changed") == 2


async def test_taro_himself_cannot_turn_safe_mode_off(pair: Pair):
    await safety.go_safe(pair.taro.actor)
    await safety.go_safe(pair.taro.actor)  # twice is once
    async with unit_of_work(pair.taro.actor) as tx:
        assert await tx.fetchval("SELECT count(*) FROM safe_mode") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute(
                "INSERT INTO safe_mode (participant_id, step, is_on)"
                " VALUES (app.subject(), 2, false)"
            )


async def test_a_proxy_who_may_name_others_gives_no_more_than_she_has(
    taro: Visitor, yumi: Visitor, ueda: Visitor, hanako: Visitor
):
    assert yumi.card
    assert hanako.card
    await service.ask(taro.actor, yumi.card.digits, "山本 由美", {"view", "proxy_admin"}, None)
    (one,) = (await service.mine(yumi.actor)).for_others
    await service.accept(yumi.actor, one.proxy_id)
    acting = await service.acting(yumi.actor, one.principal_id)
    assert acting
    for more in ({"settings"}, {"view", "proxy_admin"}):
        with pytest.raises(ProxyFaults):
            await service.ask(acting, hanako.card.digits, "山本 花子", more, None)
    await service.ask(acting, yumi.card.digits, "山本 由美", VIEW, None)
    assert len((await service.mine(yumi.actor)).for_others) == 1  # herself: as if nobody's card
    await service.ask(acting, hanako.card.digits, "山本 花子", VIEW, None)
    assert len((await service.mine(hanako.actor)).for_others) == 1
    with pytest.raises(UnknownProxy):
        await service.narrow(acting, one.proxy_id, VIEW, None)
    with pytest.raises(NotFound):
        await safety.go_safe(acting)


async def test_taro_ends_it_and_asks_anew_and_she_has_to_accept_again(
    taro: Visitor, yumi: Visitor, hanako: Visitor
):
    assert yumi.card
    await asked(taro, yumi.card.grouped, "山本 由美")
    (before,) = (await service.mine(yumi.actor)).for_others
    await service.accept(yumi.actor, before.proxy_id)
    ended = await taro.post(f"/proxies/{before.proxy_id}/end")
    page = await taro.follow(ended)
    assert "山本 由美さんの代わりを終わりました" in page
    assert (await hanako.post(f"/proxies/{before.proxy_id}/again")).status_code == 404
    answer = await taro.post(f"/proxies/{before.proxy_id}/again")
    assert answer.status_code == 303
    (after,) = (await service.mine(taro.actor)).mine
    assert after.proxy_id != before.proxy_id
    assert (after.relation.state, after.relation.powers) == ("waiting", before.relation.powers)
    assert after.relation.ends_on == before.relation.ends_on
    assert await service.acting(yumi.actor, taro.actor.participant_id) is None
    await service.accept(yumi.actor, after.proxy_id)
    assert await service.acting(yumi.actor, taro.actor.participant_id)


async def test_what_she_ended_he_does_not_bring_back_with_one_tap(taro: Visitor, yumi: Visitor):
    assert yumi.card
    await asked(taro, yumi.card.grouped, "山本 由美")
    (one,) = (await service.mine(yumi.actor)).for_others
    await service.accept(yumi.actor, one.proxy_id)
    await service.end(yumi.actor, one.proxy_id)
    answer = await taro.tell(f"/me/proxies/{one.proxy_id}/renewal", {})
    assert answer.status_code == 404
    assert "終わりました" not in (await taro.get(f"/proxies?ended={one.proxy_id}")).text


async def test_ending_what_nobody_accepted_tells_as_little_as_asking(
    taro: Visitor, hanako: Visitor, yumi: Visitor
):
    assert yumi.card
    nobody = some_card(directory.profile().card_scheme)
    said = []
    for who, card in ((taro, yumi.card), (hanako, nobody)):
        await asked(who, card.digits, "山本　　由美")
        (one,) = (await service.mine(who.actor)).mine
        said.append(await who.follow(await who.post(f"/proxies/{one.proxy_id}/end")))
        assert (await who.post(f"/proxies/{one.proxy_id}/again")).status_code == 303
    assert without_names(said[0]).count("山本 由美さん") == without_names(said[1]).count(
        "山本 由美さん"
    )
    lines = [re.search(r"[^>]*さんの代わりを終わりました", page).group(0) for page in said]  # type: ignore[union-attr]
    assert lines[0] == lines[1]
