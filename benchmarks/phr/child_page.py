"""The page of a child with 500 entries, from the request to its last byte, over loopback.

Figures: `child_page_ms_p50` and `child_page_ms_p95` of 200 requests one after the other, and
`child_page_kb`, the page itself; `child_page_failed`, whatever was not the page.
"""

import asyncio
import statistics
import time
from datetime import timedelta
from uuid import UUID

import httpx

from api.consent.lifecycle import leaving
from api.core import clock, database, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.directory import service as directory
from api.identity import service as identity
from api.identity.card import issue
from api.identity.enrolling import intake
from api.identity.guards import SESSION_COOKIE
from api.phr.child import kinds, service
from api.phr.entries import service as store
from api.phr.entries.service import Wish
from benchmarks.server import Place, place, serving

ENTRIES = 500
REQUESTS = 200
WARM = 20
ASKED = {"child_page_ms_p95": 100, "child_page_kb": 100, "child_page_failed": 0}


async def run() -> dict[str, float]:
    return await asyncio.to_thread(measured)


def measured() -> dict[str, float]:
    with place() as where:
        session, book_id = asyncio.run(_book(where))
        with serving(where):
            taken, size, failed = _asked(where, session, book_id)
    return {
        "child_page_ms_p50": round(statistics.median(taken), 1),
        "child_page_ms_p95": round(statistics.quantiles(taken, n=20)[-1], 1),
        "child_page_kb": round(size / 1000, 1),
        "child_page_failed": failed,
    }


def _asked(where: Place, session: str, book_id: UUID) -> tuple[list[float], int, int]:
    taken, size, failed = list[float](), 0, 0
    with httpx.Client(base_url=where.settings.public_url, timeout=30) as browser:
        browser.cookies.set(SESSION_COOKIE, session)
        for number in range(WARM + REQUESTS):
            began = time.perf_counter()
            answer = browser.get(f"/book/children/{book_id}", headers={"accept": "text/html"})
            if number >= WARM:
                taken.append((time.perf_counter() - began) * 1e3)
            size = len(answer.content)
            failed += answer.status_code != 200 or 'class="chart"' not in answer.text
    return taken, size, failed


async def _book(where: Place) -> tuple[str, UUID]:
    """A session of the keeper, and the book of a child of two years, written in twice every three
    days."""
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys)
    try:
        await directory.adopt_profile(where.settings.profile)
        keeper = await _keeper()
        born = clock.today_in_japan() - timedelta(days=2 * 365)
        begun = {"on": born.isoformat(), "name": "ゆい", "sex": "female", "weeks": "34"}
        book = await service.begin(keeper, begun)
        wishes = [
            Wish(
                kinds.GROWTH,
                {
                    "on": (born + timedelta(days=1 + number * 729 // ENTRIES)).isoformat(),
                    "weight": f"{2.4 + number * 8.6 / ENTRIES:.2f}",
                    "height": f"{45 + number * 39 / ENTRIES:.1f}",
                    "head": f"{32 + number * 15 / ENTRIES:.1f}",
                },
                str(book.book_id),
                is_sure=True,
            )
            for number in range(ENTRIES)
        ]
        async with unit_of_work(keeper) as tx:
            await store.write_all_in(tx, keeper, wishes)
        async with unit_of_work(keeper) as tx:
            session = await identity.open_session(tx, keeper)
        return session.token, book.book_id
    finally:
        await database.close_database()


async def _keeper() -> Actor:
    scheme = directory.profile().card_scheme
    card = issue("5" * (16 - scheme.check_length), scheme)
    born = clock.today_in_japan() - timedelta(days=33 * 365)
    paper = intake.Paper("山本 花子", "ヤマモト ハナコ", "female", born)
    person, account = await intake.admit(OPERATOR, paper, card), uuid7()
    await intake.open_account(OPERATOR, account_id=account, kind="participant", person_id=person)
    keeper = Actor(
        kind=ActorKind.PARTICIPANT, account_id=account, participant_id=person, name="山本 花子"
    )
    await leaving.take_part(keeper, "participating")
    return keeper
