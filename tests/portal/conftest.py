"""Everybody of a test, signed in at their own browser."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest_asyncio
from litestar import Litestar
from msgspec.structs import replace

from api.access_log.events import EventName
from api.consent.lifecycle import leaving
from api.core.actor import OPERATOR
from tests.portal import scene
from tests.portal.looks import DENIED, READ, happened, named
from tests.portal.scene import Place, Visitor


@pytest_asyncio.fixture
async def browsers(app: Litestar) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest_asyncio.fixture
async def open_browser(app: Litestar, browsers: AsyncExitStack):
    async def opened() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
        return await browsers.enter_async_context(client)

    return opened


@pytest_asyncio.fixture
async def clinic(database) -> AsyncIterator[Place]:
    """Gone from the network after its test, so that lists stay as short as they are for people."""
    place = await scene.place(
        "れんげ内科クリニック", "レンゲナイカクリニック", "Renge Clinic", "clinic"
    )
    yield place
    await scene.left(place)


@pytest_asyncio.fixture
async def pharmacy(database) -> AsyncIterator[Place]:
    place = await scene.place("すみれ薬局", "スミレヤッキョク", "Sumire Pharmacy", "pharmacy")
    yield place
    await scene.left(place)


@pytest_asyncio.fixture
async def yumi(open_browser) -> Visitor:
    """Has an account and has not said yet whether she takes part."""
    actor, card = await scene.participant("山本 由美", "ヤマモト ユミ")
    return await scene.visitor(await open_browser(), actor, card)


@pytest_asyncio.fixture
async def hanako(open_browser) -> Visitor:
    """Takes part and has chosen nothing yet."""
    actor, card = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(actor, "participating")
    return await scene.visitor(await open_browser(), actor, card)


@pytest_asyncio.fixture
async def sato(open_browser, clinic: Place) -> Visitor:
    actor = await scene.professional(clinic, "佐藤 健一", "physician")
    return await scene.visitor(await open_browser(), actor)


@pytest_asyncio.fixture
async def ito(open_browser, pharmacy: Place) -> Visitor:
    actor = await scene.professional(pharmacy, "伊藤 美咲", "pharmacist")
    return await scene.visitor(await open_browser(), actor)


@pytest_asyncio.fixture
async def ueda(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.officer("上田 恵子"))


@pytest_asyncio.fixture
async def auditor(open_browser) -> Visitor:
    return await scene.visitor(await open_browser(), await scene.auditor())


@pytest_asyncio.fixture
async def desk(open_browser, clinic: Place) -> Visitor:
    """Who looks after the clinic's people."""
    return await scene.visitor(await open_browser(), await scene.administrator(clinic))


@pytest_asyncio.fixture
async def busy(
    hanako: Visitor, sato: Visitor, ito: Visitor, clinic: Place, pharmacy: Place
) -> dict[str, int]:
    """One of each: Dr Satō reads, is refused and looks in an emergency, Itō reads, an operator."""
    doctor = named(sato.actor, clinic, "physician")
    pharmacist = named(ito.actor, pharmacy, "pharmacist")
    lab = [{"type": "Observation", "category": "lab", "count": 3}]
    drugs = [{"type": "MedicationRequest", "category": "prescription", "count": 2}]
    in_emergency = replace(sato.actor, purpose_of_use="ETREAT")
    return {
        "read": await happened(sato.actor, hanako, READ, actor=doctor, resources=lab),
        "refused": await happened(sato.actor, hanako, READ, DENIED, actor=doctor, resources=[]),
        "emergency": await happened(in_emergency, hanako, READ, actor=doctor, resources=lab),
        "pharmacy": await happened(ito.actor, hanako, READ, actor=pharmacist, resources=drugs),
        "setting": await happened(hanako.actor, hanako, EventName.DISCLOSURE_CHANGED, change=[]),
        "sign_in": await happened(hanako.actor, hanako, EventName.SIGNED_IN),
        "support": await happened(OPERATOR, hanako, EventName.SUPPORT_CASE_CLOSED, kind="x"),
    }
