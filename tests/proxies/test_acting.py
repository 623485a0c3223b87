"""Yumi acts for Tarō: with both names in his log, with his knowing, and only while she may."""

import asyncio
import contextvars
import re
from uuid import uuid4

import asyncpg
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from msgspec.structs import replace

from api.consent.settings.switches import Exclude, SetEveryone, SetFacility, SetSecondaryUse
from api.core import clock
from api.core.actor import ActorKind, Power
from api.core.database import signed_context, unit_of_work
from api.core.errors import NotFound
from api.identity.guards import ANYBODY
from api.proxies import counter, service
from api.proxies.errors import UnknownProxy
from notifications import service as notifications
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor, wish
from tests.portal.test_patient_numbers import read_by, scanned
from tests.proxies.conftest import BORN, BOTH, WEEK, Pair, paper
from tests.records.checkup_files import Examined, checkup

BANNER = "山本 太郎さんの代わりに見ています"


async def acting(pair: Pair):
    found = await service.acting(pair.yumi.actor, pair.taro.actor.participant_id)
    assert found
    return found


def as_taro(pair: Pair, who: Visitor | None = None) -> dict[str, str]:
    return {
        "authorization": f"Bearer {(who or pair.yumi).token}",
        "tsunagu-acting-for": pair.taro_id,
    }


async def delivered(who: Visitor) -> list[str]:
    while await notifications.deliver():
        pass
    notices = (await who.ask("/me/notices")).json()["notices"]
    return [each["title"] for each in notices]


async def test_yumi_opens_a_clinic_for_taro_and_he_is_told_and_his_log_has_both_names(
    pair: Pair, clinic: Place
):
    await pair.switch()
    page = (await pair.yumi.get("/disclosure/facilities")).text
    assert BANNER in page
    assert "/acting/myself" in page
    answer = await pair.yumi.wish(SetFacility(clinic.facility_id, on=True))
    assert answer.status_code == 303
    (row,) = (e for e in await pair.taro.log() if e["event"] == "consent:provision:changed")
    assert "山本 由美" in row["sentence"]
    assert "山本 太郎" in row["sentence"]
    assert "山本 由美さんが、代わりに手続きをしました" in await delivered(pair.taro)
    view = (await pair.taro.ask("/me/disclosure")).text
    assert str(clinic.facility_id) in view
    own = (await pair.yumi.ask("/me/disclosure")).text
    assert str(clinic.facility_id) not in own
    back = await pair.yumi.follow(await pair.yumi.post("/acting/myself"))
    assert BANNER not in back


async def test_an_app_says_who_acts_and_for_whom(pair: Pair):
    answer = await pair.yumi.browser.get("/me", headers=as_taro(pair))
    told = {"name": "山本 由美", "unread_notices": 0, "acting_for": "山本 太郎"}
    assert answer.json() == told
    assert "acting_for" not in (await pair.yumi.ask("/me")).json()


async def test_in_english_the_banner_says_so_too(pair: Pair):
    await pair.switch()
    assert "You are acting for 山本 太郎" in (await pair.yumi.get("/home", locale="en")).text


async def test_looking_is_in_the_log_once_a_day_and_told_once(pair: Pair):
    await pair.switch()
    for _ in range(3):
        assert (await pair.yumi.get("/home")).status_code == 200
    looks = [e for e in await pair.taro.log() if e["event"] == "proxies:proxy:acted"]
    assert len(looks) == 1
    told = [title for title in await delivered(pair.taro) if "代わりに手続き" in title]
    assert told.count("山本 由美さんが、代わりに手続きをしました") == 1


async def test_each_look_at_his_records_names_them(pair: Pair, clinic: Place):
    record = await scene.wrote(clinic, pair.taro.actor, "lab", "HbA1c")
    answer = await pair.yumi.browser.get(f"/me/records/{record}", headers=as_taro(pair))
    assert answer.status_code == 200
    assert "HbA1c" in answer.text
    (row,) = (e for e in await pair.taro.log() if e["event"] == "proxies:record:looked")
    assert "山本 由美" in row["sentence"]
    own = await pair.yumi.ask(f"/me/records/{record}")
    assert own.status_code == 404


async def add_checkup(pair: Pair) -> int:
    his = Examined("ヤマモト　タロウ", BORN, sex="2")
    answer = await pair.yumi.browser.post(
        "/me/checkup-files", content=checkup(his), headers=as_taro(pair)
    )
    return answer.status_code


async def test_a_checkup_is_added_for_taro_by_whoever_may_put_records_in_alone(
    pair: Pair, taro: Visitor, yumi: Visitor, ueda: Visitor
):
    assert await add_checkup(pair) == 404
    await service.end(taro.actor, pair.proxy_id)
    wish = paper(taro, yumi, powers=BOTH | {"upload"})
    await counter.witness(ueda.actor, wish, today=clock.today_in_japan() - WEEK)
    one = next(each for each in (await service.mine(taro.actor)).mine if each.proxy_id)
    await counter.confirm(pair.second, taro.actor.participant_id, one.proxy_id)
    assert await add_checkup(pair) == 201
    (row,) = (e for e in await pair.taro.log() if e["event"] == "records:own:added")
    assert "山本 由美" in row["sentence"]
    assert "山本 太郎" in row["sentence"]
    assert (await pair.yumi.ask("/me/checkup-files")).json() == []
    listed = await pair.yumi.browser.get("/me/checkup-files", headers=as_taro(pair))
    assert len(listed.json()) == 1
    (looked, *_) = await pair.taro.log()
    assert looked["event"] == "proxies:record:looked", "no look of a proxy without a row"
    assert [(each["category"], each["count"]) for each in looked["kinds"]] == [("checkup", 1)]


@pytest.mark.parametrize("header", ["", "nobody", "unknown", "hanako", "self"])
async def test_a_forged_header_opens_nothing(pair: Pair, hanako: Visitor, header: str):
    named = {
        "hanako": str(hanako.actor.participant_id),
        "self": str(pair.yumi.actor.participant_id),
        "unknown": str(uuid4()),
    }.get(header, header)
    answer = await pair.yumi.browser.get(
        "/me/disclosure",
        headers={"authorization": f"Bearer {pair.yumi.token}", "tsunagu-acting-for": named},
    )
    assert answer.status_code == 404


async def test_hanako_cannot_act_for_taro_by_any_door(pair: Pair, hanako: Visitor):
    assert (await hanako.post("/acting", principal=pair.taro_id)).status_code == 404
    answer = await hanako.browser.get("/me/records", headers=as_taro(pair, hanako))
    assert answer.status_code == 404
    for act in ("accept", "narrow", "end", "resume"):
        form = {"power_view": "yes"} if act == "narrow" else {}
        assert (await hanako.post(f"/proxies/{pair.proxy_id}/{act}", form)).status_code == 404
    assert (await hanako.get(f"/proxies/{pair.proxy_id}")).status_code == 404
    assert (await pair.proxy()).relation.state == "in_force"


async def test_an_office_cannot_act_and_a_facilitys_system_neither(pair: Pair, ueda: Visitor):
    answer = await ueda.browser.get("/me/records", headers=as_taro(pair, ueda))
    assert answer.status_code == 404


async def test_after_the_end_the_next_page_is_her_own_and_says_so(pair: Pair):
    await pair.switch()
    assert BANNER in (await pair.yumi.get("/home")).text
    await service.end(pair.taro.actor, pair.proxy_id)
    page = await pair.yumi.get("/home")
    assert page.status_code == 200
    assert BANNER not in page.text
    assert "いまはできません。ご自分の画面を表示しています" in page.text
    answer = await pair.yumi.browser.get("/me/records", headers=as_taro(pair))
    assert answer.status_code == 404
    assert (await pair.yumi.post("/acting", principal=pair.taro_id)).status_code == 404


async def test_postgresql_refuses_a_proxy_whose_relation_ended_while_she_acts(pair: Pair):
    proxy = await acting(pair)
    async with unit_of_work(proxy) as tx:
        assert await tx.fetchval("SELECT app.subject()") == pair.taro.actor.participant_id
        assert await tx.fetchval("SELECT app.is_proxy()") is True
    await service.end(pair.taro.actor, pair.proxy_id)
    with pytest.raises(NotFound):
        async with unit_of_work(proxy):
            raise AssertionError("it opened")


async def test_whoever_ends_waits_for_what_is_being_done_and_nothing_begins_after(pair: Pair):
    proxy = await acting(pair)
    async with unit_of_work(proxy):
        # As another request: the open transaction is not its own.
        ending = asyncio.create_task(
            service.end(pair.taro.actor, pair.proxy_id), context=contextvars.Context()
        )
        await asyncio.sleep(0.3)
        assert not ending.done()
    await ending
    with pytest.raises(NotFound):
        async with unit_of_work(proxy):
            raise AssertionError("it opened")


@pytest.mark.parametrize(
    "forged",
    [
        {"powers": frozenset(Power)},
        {"powers": frozenset({Power.VIEW, Power.CONSENT})},
    ],
    ids=["all", "consent"],
)
async def test_powers_she_does_not_have_open_no_transaction(pair: Pair, forged: dict):
    with pytest.raises(NotFound):
        async with unit_of_work(replace(await acting(pair), **forged)):
            raise AssertionError("it opened")


async def test_a_context_that_only_asks_is_good_for_nothing_else(pair: Pair):
    proxy = await acting(pair)
    async with unit_of_work(pair.yumi.actor) as tx:
        pid = tx.connection.get_server_pid()
        nonce = await tx.fetchval("SELECT app.transaction_nonce()")
        asks = signed_context("a", proxy, None, pid, nonce)
        await tx.execute("SELECT set_config('app.context', $1, true)", asks)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetchval("SELECT app.subject()")


async def test_a_narrowed_power_is_gone_at_the_next_request(pair: Pair, clinic: Place):
    await pair.switch()
    await service.narrow(pair.taro.actor, pair.proxy_id, {"view"}, None)
    assert (await pair.yumi.get("/disclosure")).status_code == 404
    assert (await pair.yumi.get("/access-log")).status_code == 404
    assert (await pair.yumi.get("/home")).status_code == 200
    answer = await pair.yumi.post(
        "/disclosure/save",
        change=wish(SetFacility(clinic.facility_id, on=True)),
        version=0,
        back="",
    )
    assert answer.status_code == 404
    assert "見た人" not in _nav((await pair.yumi.get("/home")).text)


def _nav(page: str) -> str:
    found = re.search(r'<nav class="site-nav".*?</nav>', page, re.DOTALL)
    assert found
    return found.group(0)


async def test_barred_acts_are_not_there_for_her(pair: Pair, clinic: Place):
    await pair.switch()
    version = await pair.yumi.version()
    answer = await pair.yumi.wish(Exclude(on=True, facility_id=clinic.facility_id), version=version)
    assert answer.status_code == 403
    assert "ご本人だけ" in answer.text
    for path in ("/proxies", "/proxies/new", "/proxies/private", "/inbox", "/participation/terms"):
        assert (await pair.yumi.get(path)).status_code == 404, path
    assert (await pair.yumi.post("/proxies/private")).status_code == 404
    assert await pair.yumi.version() == version
    assert not (await service.mine(pair.taro.actor)).is_safe


async def test_other_uses_than_care_need_the_power_over_consent(pair: Pair):
    await pair.switch()
    answer = await pair.yumi.wish(SetSecondaryUse("HRESCH", on=True))
    assert answer.status_code == 403
    changed = [e for e in await pair.taro.log() if e["event"] == "consent:provision:changed"]
    assert changed == []


async def test_a_nurse_cannot_open_her_father_to_her_own_clinic(
    pair: Pair, clinic: Place, pharmacy: Place
):
    await scene.professional(clinic, "山本　由美", "nurse")
    await pair.switch()
    for command in (SetFacility(clinic.facility_id, on=True), SetEveryone(on=True)):
        answer = await pair.yumi.wish(command)
        assert answer.status_code in (200, 403)
        if answer.status_code == 200:  # to be looked at first
            answer = await pair.yumi.send(*scene.sent(scene.forms(answer.text)[-1]))
            assert answer.status_code == 403
        assert "ご自分が働く施設" in answer.text
    answer = await pair.yumi.post("/disclosure/desk-code")
    assert answer.status_code == 403
    answer = await pair.yumi.wish(SetFacility(pharmacy.facility_id, on=True))
    assert answer.status_code == 303
    await pair.yumi.post("/acting/myself")
    own = pair.yumi
    assert (await own.get("/home")).status_code == 200


async def test_a_nurse_cannot_link_her_father_to_a_number_of_her_own_clinic(
    pair: Pair, clinic: Place, sato: Visitor
):
    await scene.professional(clinic, "山本　由美", "nurse")
    code = scanned((await pair.taro.post("/disclosure/desk-code")).text)
    where = await read_by(sato, pair.taro, code)
    await sato.post(f"{where}/number", number="00456")
    await pair.switch()
    page = (await pair.taro.get("/disclosure/desk-code")).text
    link = re.search(r"/disclosure/desk-code/numbers/[0-9a-f-]+", page)
    assert link
    answer = await pair.yumi.post(link[0], answer="linked")
    assert answer.status_code == 403
    assert "ご自分が働く施設" in answer.text
    assert (await pair.taro.post(link[0], answer="linked")).status_code == 303


async def test_who_acts_for_him_does_not_end_whom_the_law_appointed(
    taro: Visitor, yumi: Visitor, hanako: Visitor, ueda: Visitor
):
    second, week_ago = await scene.officer("第二 担当"), clock.today_in_japan() - WEEK
    for on_paper in (
        paper(taro, yumi, powers=frozenset(map(str, Power))),
        paper(taro, hanako, kind="adult_guardian", evidence="登記事項証明書 棚1"),
    ):
        await counter.witness(ueda.actor, on_paper, today=week_ago)
    for each in (await service.mine(taro.actor)).mine:
        await counter.confirm(second, taro.actor.participant_id, each.proxy_id)
    (guardian,) = (
        each
        for each in (await service.mine(taro.actor)).mine
        if each.relation.origin == "registered"
    )
    acting = await service.acting(yumi.actor, taro.actor.participant_id)
    assert acting is not None
    with pytest.raises(UnknownProxy):
        await service.end(acting, guardian.proxy_id)
    await service.end(hanako.actor, guardian.proxy_id)


async def test_she_gives_herself_nothing_not_even_as_who_may_name_others(pair: Pair, yumi: Visitor):
    proxy = await acting(pair)
    with pytest.raises(NotFound):
        await service.narrow(proxy, pair.proxy_id, set(Power), None)
    async with unit_of_work(proxy) as tx:
        for statement in (
            "INSERT INTO proxy (participant_id, representative_id, typed_name, kind, origin,"
            " opens_on) VALUES (app.subject(), app.own_participant(), 'x', 'voluntary',"
            " 'participant', current_date)",
            "INSERT INTO proxy_step (participant_id, proxy_id, step, act, state, after, powers,"
            f" ends_on, by_name) VALUES (app.subject(), '{pair.proxy_id}', 3, 'narrowed',"
            " 'in_force', 'in_force', '{view}', current_date, 'x')",
            "INSERT INTO safe_mode (participant_id, step, is_on) VALUES (app.subject(), 1, true)",
            "UPDATE proxy_step SET powers = '{proxy_admin}'",
            "DELETE FROM proxy",
        ):
            with pytest.raises(asyncpg.PostgresError):
                async with tx.connection.transaction():
                    await tx.execute(statement)


async def test_powers_never_grow_in_postgresql_either(pair: Pair):
    async with unit_of_work(pair.taro.actor) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never grow"):
            async with tx.connection.transaction():
                await tx.execute(
                    "INSERT INTO proxy_step (participant_id, proxy_id, step, act, state, after,"
                    f" powers, ends_on, by_name) VALUES (app.subject(), '{pair.proxy_id}', 3,"
                    " 'narrowed', 'in_force', 'in_force', '{view,consent}', current_date, 'x')"
                )


async def test_yumi_stops_acting_and_taro_is_told(pair: Pair):
    page = (await pair.yumi.get(f"/proxies/{pair.proxy_id}")).text
    assert "すぐにできなくなります" in page
    assert (await pair.yumi.post(f"/proxies/{pair.proxy_id}/end")).status_code == 303
    assert (await service.mine(pair.taro.actor)).mine == []
    assert "代わりの手続きが終わりました" in await delivered(pair.taro)


async def test_a_stolen_connection_sees_no_proxy(database: Deployment, pair: Pair):
    connection = await asyncpg.connect(database.app_dsn)
    try:
        for table in ("proxy", "proxy_step", "safe_mode", "proxy_use"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        assert await connection.fetch("SELECT * FROM proxies_of_subject()") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM proxies_waiting()")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT app.powers_in_force($1, $1)", uuid4())
    finally:
        await connection.close()


# Routes of participants that are there for oneself alone.
ONESELF = {
    "DELETE /me/children/{book_id}/offer",
    "DELETE /me/closing",
    "DELETE /me/wishes",
    "DELETE /me/wishes/document/{entry_id}",
    "GET /account/closing",
    "GET /book/children/{book_id}/hand-over",
    "GET /book/wishes/documents/new",
    "GET /book/wishes/documents/{entry_id}/remove",
    "GET /book/wishes/people/new",
    "GET /book/wishes/people/{place}",
    "GET /book/wishes/people/{place}/remove",
    "GET /book/wishes/revoke",
    "GET /book/wishes/statement",
    "GET /me/children/{book_id}/offer",
    "GET /me/closing",
    "POST /account/closing",
    "POST /account/closing/call-off",
    "POST /book/children/{book_id}/hand-over",
    "POST /book/children/{book_id}/hand-over/call-off",
    "POST /book/pregnancy/{pregnancy_id}/keep",
    "POST /book/pregnancy/{pregnancy_id}/show",
    "POST /book/wishes/documents/new",
    "POST /book/wishes/documents/{entry_id}/remove",
    "POST /book/wishes/people/new",
    "POST /book/wishes/people/{place}",
    "POST /book/wishes/people/{place}/move",
    "POST /book/wishes/people/{place}/remove",
    "POST /book/wishes/revoke",
    "POST /book/wishes/statement",
    "POST /me/children/{book_id}/offer",
    "POST /me/closing",
    "POST /me/pregnancies/{pregnancy_id}/keep",
    "POST /me/pregnancies/{pregnancy_id}/show",
    "POST /me/wishes/document",
    "PUT /me/wishes/people",
    "PUT /me/wishes/statement",
    "GET /account/registration",
    "GET /me/registration",
    "GET /register/for-someone",
    "POST /register/for-someone",
    "GET /register/for-someone/agree",
    "POST /register/for-someone/agree",
    "GET /register/for-someone/done",
    "POST /me/family-registrations",
    "POST /me/family-registrations/current",
    "GET /access-log/bundle",
    "GET /access-log/by-file",
    "GET /fhir/R4/AuditEvent",
    "GET /fhir/R4/AuditEvent/{event_id}",
    "GET /oauth/authorize",
    "POST /oauth/authorize",
    "GET /me/access-log/bundle",
    "GET /me/access-log/{name}",
    "POST /proxies/{proxy_id}/accept",
    "POST /me/proxies/{proxy_id}/acceptance",
    "POST /me/safe-mode",
    "GET /proxies/private",
    "POST /proxies/private",
    "GET /me/merges",
    "POST /me/merges/{merge_id}/answer",
    "POST /me/merges/{merge_id}/split",
    "POST /account/numbers/merges/{merge_id}",
    "POST /account/numbers/merges/{merge_id}/split",
    "GET /proxies/viewings",
    "GET /proxies/viewings/{session_id}",
    "GET /proxies/viewings/{session_id}/{record_id}",
    "GET /proxies/viewings/{session_id}/{record_id}/attachments/{place}",
    "GET /me/nominations/viewings",
    "GET /me/nominations/viewings/{session_id}/directives",
    "GET /me/nominations/viewings/{session_id}/directives/{record_id}",
    "GET /account/notices",
    "POST /account/notices/browser",
    "POST /account/notices/mail",
    "POST /account/notices/mail/confirm",
    "POST /account/notices/mail/remove",
    "POST /account/notices/{address_id}/remove",
    "GET /me/notice-addresses",
    "DELETE /me/notice-addresses/{address_id}",
    "POST /me/push-subscriptions",
    "POST /me/push-tokens",
    "POST /me/mail-address",
    "POST /me/mail-address/confirmation",
    "DELETE /me/mail-address",
}


def test_every_route_of_participants_says_which_power_a_proxy_needs(app: Litestar):
    undeclared, powers = set(), set()
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            guards = handler.resolve_guards()
            kinds = {kind for guard in guards for kind in getattr(guard, "kinds", ())}
            if method == "OPTIONS" or ActorKind.PARTICIPANT not in kinds:
                continue
            power = handler.opt.get("power")
            powers.add(power)
            if power is None:
                undeclared.add(f"{method} {route.path_format}")
    assert undeclared == ONESELF
    assert powers - {None, ANYBODY["power"]} <= set(Power)


async def test_who_signs_out_while_acting_leaves_no_trace_of_it_in_his_log(pair: Pair):
    await pair.switch()
    await pair.yumi.browser.post("/sign-out")
    await pair.yumi.get("/")
    outs = [e for e in await pair.taro.log() if e["event"] == "identity:session:ended"]
    assert outs == []
    assert (await pair.proxy()).relation.powers == BOTH
