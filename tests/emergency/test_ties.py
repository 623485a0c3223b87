"""Dr Mori's own people: declared at her account, and refused at every door, PostgreSQL's too."""

import asyncpg
import pytest

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.ids import uuid7
from api.emergency import ties
from api.emergency.errors import NotOpened, TieFaults
from api.proxies import service as proxies
from api.proxies.rules import NOMINEE
from tests.access_log.superuser import unguarded
from tests.emergency.conftest import joined, opened, who
from tests.emergency.test_doors import bearer, carded
from tests.emergency.test_refused import btg
from tests.emergency.test_sessions import events
from tests.portal import scene

INSURER = "01430016"


@pytest.fixture
async def as_participant(database) -> Actor:
    """Dr Mori herself takes part in the network."""
    return await joined("森 直子", "モリ ナオコ")


async def declared(mori: Actor, card: str = "", insurer: str = "", number: str = "") -> None:
    await ties.declare(mori, card, insurer, "くま" if insurer else "", number)


def unused() -> str:
    return uuid7().hex[-10:]


async def test_whoever_has_declared_nothing_is_tied_to_nobody(mori, hanako):
    assert await ties.declared(mori) is None
    assert (await opened(mori, hanako)).is_active


async def test_dr_mori_does_not_open_her_own_records(mori, as_participant):
    await declared(mori, await carded(as_participant))
    with pytest.raises(NotOpened) as refused:
        await opened(mori, as_participant)
    assert refused.value.key == "error.emergency.oneself"
    assert (await events(as_participant))[0] == "emergency:session:refused"


@pytest.mark.parametrize("kind", ["voluntary", NOMINEE])
async def test_nor_those_of_somebody_whose_proxy_or_contact_she_is(
    mori, hanako, as_participant, kind: str
):
    await declared(mori, await carded(as_participant))
    powers = frozenset() if kind == NOMINEE else frozenset({"view"})
    await proxies.ask(hanako, await carded(as_participant), "森 直子", powers, None, kind)
    with pytest.raises(NotOpened, match="represents"):
        await opened(mori, hanako)
    (asked,) = (await proxies.mine(as_participant)).for_others
    await proxies.accept(as_participant, asked.proxy_id)
    with pytest.raises(NotOpened, match="represents"):
        await opened(mori, hanako)
    await proxies.end(as_participant, asked.proxy_id)
    assert (await opened(mori, hanako)).is_active


async def test_nor_those_of_who_shares_her_insurance(mori, hanako, taro):
    family, other = unused(), unused()
    await scene.insured(hanako, INSURER, family)
    await scene.insured(taro, INSURER, other)
    await declared(mori, "", INSURER, family)
    with pytest.raises(NotOpened, match="shares_insurance"):
        await opened(mori, hanako)
    assert (await opened(mori, taro)).is_active


async def test_nor_where_her_own_registration_says_so(mori, hanako, as_participant):
    family = unused()
    await scene.insured(hanako, INSURER, family)
    await scene.insured(as_participant, INSURER, family)
    await declared(mori, await carded(as_participant))
    with pytest.raises(NotOpened, match="shares_insurance"):
        await opened(mori, hanako)


async def test_what_she_takes_back_counts_for_ninety_days(mori, as_participant, admin):
    await declared(mori, await carded(as_participant))
    await declared(mori)
    own = await ties.declared(mori)
    assert own is not None
    assert own.card == ""
    with pytest.raises(NotOpened, match="oneself"):
        await opened(mori, as_participant)
    await unguarded(
        admin,
        "UPDATE tie_declaration SET declared_at = declared_at - interval '91 days'"
        f" WHERE professional_id = '{mori.professional_id}'",
    )
    assert (await opened(mori, as_participant)).is_active


async def test_postgresql_refuses_it_too(mori, as_participant):
    await declared(mori, await carded(as_participant))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="their own people"):
        async with unit_of_work(btg(mori), subject=who(as_participant)) as tx:
            await tx.execute(
                "INSERT INTO emergency_session (participant_id, session_id, professional_id,"
                " facility_id, by_name, reason, words, identification, identified_at,"
                " authenticated_at) VALUES (app.subject(), $1, $2, $3, '森', 'unconscious', 'x',"
                " 'card', now(), now())",
                uuid7(),
                mori.professional_id,
                mori.facility_id,
            )


async def test_the_hospitals_emr_is_refused_alike(client, hospital, mori, as_participant):
    card = await carded(as_participant)
    await declared(mori, card)
    asked = {"card": card, "reason": "unconscious", "words": "倒れた"}
    headers = await bearer(hospital, mori)
    answer = await client.post("/emergency/sessions", json=asked, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:tsunagu:problem:error.emergency.oneself"
    assert answer.json()["next"]


async def test_a_declaration_is_its_professionals_alone_and_says_nothing_of_others(
    mori, hanako, hospital, ueda
):
    other = await scene.professional(hospital, "別の医師", "physician")
    await declared(mori, await carded(hanako))
    # A number nobody has is taken in as any other.
    await declared(other, await carded(await joined("田中 一", "タナカ ハジメ")))
    for actor in (other, hanako, ueda):
        async with unit_of_work(actor) as tx:
            assert not await tx.fetchval(
                "SELECT count(*) FROM tie_declaration WHERE professional_id = $1",
                mori.professional_id,
            )
    for actor in (hanako, ueda):
        with pytest.raises(NotFound):
            await ties.declare(actor, "", "", "", "")
    with pytest.raises(TieFaults) as faults:
        await ties.declare(mori, "7", "1", "", "")
    assert set(faults.value.faults) == {"card", "insurer", "insurance_number"}


async def test_she_declares_on_a_page(at_a_desk, mori, as_participant):
    desk = await at_a_desk(mori)
    path = "/account/emergency-ties"
    assert path in (await desk.get("/account/keys")).text
    assert "まだ申告していません。" in (await desk.get("/clinic/emergency")).text
    wrong = await desk.post(path, {"card": "12"})
    assert wrong.status_code == 422
    card = await carded(as_participant)
    page = await desk.follow(await desk.post(path, {"card": card}))
    assert "申告を保存しました" in (await desk.get(f"{path}?done=yes")).text
    assert card in page
    assert "申告してあります。" in (await desk.get("/clinic/emergency")).text
    form = {"by": "card", "card": card, "reason": "unconscious", "words": "倒れた"}
    refused = await desk.post("/clinic/emergency", form)
    assert "ご自身の記録を緊急の閲覧で開くことはできません。" in refused.text
    assert "同僚に頼んでください。" in refused.text
    phone = await at_a_desk(as_participant)
    assert (await phone.get(path)).status_code == 404
