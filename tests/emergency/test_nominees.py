"""Yumi is named for emergencies: what she sees when Dr Mori opens Hanako's records, and no more."""

from datetime import timedelta

import pytest

from api.consent import service as consent
from api.consent.settings.switches import HidePeriod
from api.core import clock
from api.core.actor import Actor, Power
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.emergency import choices
from api.emergency import service as emergency
from api.emergency.errors import SessionOver
from api.emergency.reach import Choice
from api.proxies import safety
from api.proxies import service as proxies
from api.proxies.errors import ProxyFaults
from api.proxies.rules import NOMINEE
from api.records.emergency import nominees
from api.records.emergency import service as in_emergency
from tests.emergency.conftest import held, held_back, joined, opened, who, wrote
from tests.emergency.test_doors import carded
from tests.emergency.test_sessions import log, moved_back
from tests.emergency.test_summary_whole import directive, sent


@pytest.fixture
async def yumi(database) -> Actor:
    return await joined("山本 由美", "ヤマモト ユミ")


async def named(hanako: Actor, yumi: Actor, kind: str = NOMINEE, powers=frozenset()) -> None:
    await proxies.ask(hanako, await carded(yumi), yumi.name or "", powers, None, kind)
    (asked,) = (await proxies.mine(yumi)).for_others
    await proxies.accept(yumi, asked.proxy_id)


async def test_yumi_sees_that_and_where_but_neither_who_nor_why(mori, hanako, yumi, hospital):
    await named(hanako, yumi)
    assert await nominees.viewings(yumi) == []
    session = await opened(mori, hanako)
    (seen,) = await nominees.viewings(yumi)
    (viewing,) = seen.viewings
    assert seen.principal == "山本 花子"
    assert (viewing.facility_id, viewing.is_running) == (hospital.facility_id, True)
    assert set(viewing._fields) == {
        *("session_id", "facility_id", "opened_at", "until", "is_running"),
    }
    look = (await log(hanako))[0]
    assert look.event == "proxies:emergency:looked"
    assert look.detail["told"]["name"] == "山本 由美"
    assert look.detail["on_behalf"]["name"] == "山本 花子"
    assert session.is_active


async def test_yumi_reads_the_directive_and_no_other_record(mori, hanako, yumi, clinic):
    await named(hanako, yumi)
    await sent(clinic, hanako, directive())
    lab = await wrote(clinic, hanako, "allergy", "ペニシリン")
    secret = await wrote(clinic, hanako, "directive", "ひみつ", sensitivity=2)
    session = await opened(mori, hanako)
    found = await nominees.directives(yumi, session.session_id)
    assert [each.title for each in found.lines] == ["リビングウィル"]
    record_id = found.lines[0].record_id
    body = await nominees.directive(yumi, session.session_id, record_id)
    assert body["resourceType"] == "DocumentReference"
    look = (await log(hanako))[0]
    assert look.event == "proxies:directive:read"
    assert look.detail["emergency"] == str(session.session_id)
    assert look.detail["resources"] == [
        {"type": "DocumentReference", "category": "directive", "count": 1}
    ]
    for other in (lab, secret):
        with pytest.raises(NotFound):
            await nominees.directive(yumi, session.session_id, other)
    assert await proxies.acting(yumi, who(hanako)) is None
    assert await proxies.principals(yumi) == []


async def test_yumis_look_ends_nothing_in_hanakos_name(mori, hanako, yumi, clinic):
    await named(hanako, yumi)
    await sent(clinic, hanako, directive())
    session = await opened(mori, hanako)
    await choices.choose(hanako, Choice("refuse"))
    assert (await nominees.directives(yumi, session.session_id)).lines == []
    assert "emergency:session:ended" not in [each.event for each in await log(hanako)]
    with pytest.raises(SessionOver):
        await in_emergency.summary(mori, session.session_id)
    end = next(each for each in await log(hanako) if each.event == "emergency:session:ended")
    assert end.actor_id == mori.professional_id


async def test_what_the_hospital_wrote_itself_is_no_way_around_a_secret(
    mori, hanako, yumi, hospital
):
    await named(hanako, yumi)
    await wrote(hospital, hanako, "directive", "ひみつ", sensitivity=2)
    await wrote(hospital, hanako, "directive", "意思表示書")
    session = await opened(mori, hanako)
    found = await nominees.directives(yumi, session.session_id)
    assert [each.title for each in found.lines] == ["意思表示書"]


async def test_hanakos_ceiling_is_yumis_too(mori, hanako, yumi, clinic):
    await named(hanako, yumi)
    await wrote(clinic, hanako, "directive", "意思表示書")
    await choices.choose(hanako, Choice("ceiling", ("allergy",)))
    session = await opened(mori, hanako)
    assert (await nominees.directives(yumi, session.session_id)).lines == []


async def test_a_stay_that_hanako_hid_is_hidden_from_yumi_too(mori, hanako, yumi, clinic, hospital):
    await named(hanako, yumi)
    for place in (clinic, hospital):
        await wrote(place, hanako, "directive", "意思表示書", days=-3)
        settings = await consent.settings(hanako)
        today = clock.today_in_japan()
        stay = HidePeriod(True, place.facility_id, today - timedelta(5), today - timedelta(1))
        await consent.change(hanako, [stay], expected_version=settings.directive.version)
    await choices.choose(hanako, Choice("ceiling", ("directive",), shows_hidden=False))
    session = await opened(mori, hanako)
    seen = (await in_emergency.summary(mori, session.session_id)).lines
    assert [each.facility_id for each in seen] == [hospital.facility_id]  # its own writing
    assert (await nominees.directives(yumi, session.session_id)).lines == []


async def test_documents_close_with_the_session_and_the_rest_three_days_later(
    mori, hanako, yumi, clinic, admin
):
    await named(hanako, yumi)
    await wrote(clinic, hanako, "directive", "意思表示書")
    session = await opened(mori, hanako)
    await emergency.close(mori, session.session_id)
    with pytest.raises(NotFound):
        await nominees.directives(yumi, session.session_id)
    (seen,) = await nominees.viewings(yumi)
    assert seen.viewings[0].is_running is False
    await moved_back(admin, session, timedelta(hours=73))
    assert await nominees.viewings(yumi) == []


@pytest.mark.parametrize("how", ["ended", "safe", "never accepted", "a proxy for everyday"])
async def test_who_is_no_nominee_now_sees_nothing(mori, hanako, yumi, clinic, how):
    await wrote(clinic, hanako, "directive", "意思表示書")
    if how == "never accepted":
        await proxies.ask(hanako, await carded(yumi), yumi.name or "", frozenset(), None, NOMINEE)
    elif how == "a proxy for everyday":
        await named(hanako, yumi, "voluntary", frozenset({Power.VIEW, Power.NOTICES}))
    else:
        await named(hanako, yumi)
    session = await opened(mori, hanako)
    if how == "ended":
        (mine,) = (await proxies.mine(hanako)).mine
        await proxies.end(hanako, mine.proxy_id)
    if how == "safe":
        await safety.go_safe(hanako)
    assert await nominees.viewings(yumi) == []
    with pytest.raises(NotFound):
        await nominees.directives(yumi, session.session_id)
    stranger = await joined("小松 健", "コマツ ケン")
    with pytest.raises(NotFound):
        await nominees.directives(stranger, session.session_id)


async def test_what_two_officers_hold_back_yumi_does_not_see_either(
    mori, hanako, yumi, ueda, colleague, clinic
):
    await named(hanako, yumi)
    await held(await held_back(mori, hanako), ueda, colleague)
    assert await nominees.viewings(yumi) == []


async def test_a_nominee_has_no_power_and_postgresql_gives_none(hanako, yumi):
    with pytest.raises(ProxyFaults):
        await named(hanako, yumi, NOMINEE, frozenset({Power.VIEW}))
    await named(hanako, yumi)
    (mine,) = (await proxies.mine(hanako)).mine
    assert (mine.relation.kind, mine.standing.powers) == (NOMINEE, frozenset())
    async with unit_of_work(hanako) as tx:
        given = await tx.fetchval(
            "INSERT INTO proxy (participant_id, representative_id, typed_name, kind, origin,"
            " opens_on) VALUES (app.subject(), $1, 'x', 'emergency_nominee', 'participant',"
            " current_date) RETURNING proxy_id",
            who(yumi),
        )
        with pytest.raises(Exception, match="acts for nobody"):
            await tx.execute(
                "INSERT INTO proxy_step (participant_id, proxy_id, step, act, state, powers,"
                " ends_on, by_name) VALUES (app.subject(), $1, 1, 'asked', 'waiting',"
                " '{view}', current_date, 'x')",
                given,
            )


async def test_at_her_phone_yumi_finds_where_and_the_document(
    at_a_desk, mori, hanako, yumi, clinic
):
    await named(hanako, yumi)
    await sent(clinic, hanako, directive())
    session = await opened(mori, hanako)
    phone = await at_a_desk(yumi)
    assert "/proxies/viewings" in (await phone.get("/proxies")).text
    page = (await phone.get("/proxies/viewings")).text
    assert "山本 花子さんの記録が、緊急のため開かれています" in page
    assert "熊本救命病院" in page
    assert "森" not in page
    assert "意識がない" not in page
    path = f"/proxies/viewings/{session.session_id}"
    page = (await phone.get(path)).text
    assert "リビングウィル" in page
    found = await nominees.directives(yumi, session.session_id)
    one = f"{path}/{found.lines[0].record_id}"
    assert (await phone.get(one)).status_code == 200
    file = await phone.get(f"{one}/attachments/0")
    assert file.content.decode() == "人工呼吸器はつけないでください。"
    other = await at_a_desk(await joined("小松 健", "コマツ ケン"))
    assert (await other.get(path)).status_code == 404
    rows = (await (await at_a_desk(hanako)).get("/access-log")).text
    assert "緊急のときの連絡先である山本 由美さん" in rows


async def test_hanako_names_yumi_on_her_page_and_yumis_app_finds_the_directive(
    at_a_desk, mori, hanako, yumi, clinic
):
    phone = await at_a_desk(hanako)
    page = (await phone.get("/proxies/new?kind=emergency_nominee")).text
    assert "power_view" not in page
    named = await phone.post(
        "/proxies/new", kind=NOMINEE, card=await carded(yumi), name="山本 由美", power_view="yes"
    )
    assert named.status_code == 303
    (asked,) = (await proxies.mine(yumi)).for_others
    assert (asked.relation.kind, asked.relation.powers) == (NOMINEE, frozenset())
    await proxies.accept(yumi, asked.proxy_id)
    assert "緊急で記録が開かれたときに、お知らせします。" in (await phone.get("/proxies")).text
    await sent(clinic, hanako, directive())
    session = await opened(mori, hanako)
    app = await at_a_desk(yumi)
    (viewing,) = (await app.ask("/me/nominations/viewings")).json()
    assert (viewing["principal"], viewing["is_running"]) == ("山本 花子", True)
    path = f"/me/nominations/viewings/{session.session_id}/directives"
    (line,) = (await app.ask(path)).json()
    one = await app.ask(f"{path}/{line['record_id']}")
    assert one.headers["content-type"].startswith("application/fhir+json")
    assert one.json()["resourceType"] == "DocumentReference"
    hers = await at_a_desk(hanako)
    assert (await hers.ask("/me/nominations/viewings")).json() == []
    assert (await hers.ask(path)).status_code == 404
