"""What the log says of one person is erased; her page says so, and nobody else notices."""

import asyncio
import subprocess
from datetime import UTC, date, datetime

import pytest

from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.identity.card import CardNumber
from api.support import erasure
from api.support import service as support
from tests.cli.console import COMMAND, ROOT, environment
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow, find

REASON = ("--reason", "the time for keeping it is over")


@pytest.fixture
async def looked_at(hanako: Visitor, sato: Visitor, clinic: Place, pharmacy: Place) -> Visitor:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await allow(hanako, clinic)
    await find(sato, hanako)
    return hanako


async def erase(
    database: Deployment, card: CardNumber | None, who: Visitor, *more: str
) -> subprocess.CompletedProcess[str]:
    """As an operator types it."""
    env = environment(
        database.settings.home, 8000, APP_DATABASE_URL=database.app_dsn, TSUNAGU_DEMO="1"
    )
    command = [*COMMAND, "log", "erase", "--participant", str(who.actor.participant_id), *REASON]
    return await asyncio.to_thread(
        subprocess.run,
        [*command, *more],
        env=env,
        cwd=ROOT,
        input=f"{card.digits if card else ''}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_after_it_her_page_says_plainly_that_the_content_is_gone(
    looked_at: Visitor, sato: Visitor, yumi: Visitor, database: Deployment
):
    hanako = looked_at
    events = await hanako.log()
    before = [each["sentence"] for each in await yumi.log()]
    assert any("佐藤" in each["sentence"] for each in events)
    done = await erase(database, hanako.card, hanako, "--early")
    assert done.returncode == 0, done.stderr
    assert f"{len(events)} events were made unreadable" in done.stdout
    after = await hanako.log()
    assert [each["number"] for each in after] == [each["number"] for each in events]
    assert {each["sentence"] for each in after} == {
        "保存期間が終わり、決められた手続きで内容を消去しました。日時と順番だけが残っています。"
    }
    assert not any("佐藤" in str(each) for each in after)
    page = await hanako.get("/access-log", locale="en")
    assert page.status_code == 200
    assert "was erased" in page.text
    assert [each["sentence"] for each in await yumi.log()] == before
    await find(sato, hanako)
    newest = (await hanako.log())[0]
    assert "佐藤" in newest["sentence"], "what happens afterwards is told again"


@pytest.mark.parametrize("typed", ["nothing", "another card"])
async def test_nothing_is_erased_where_another_card_is_typed(
    looked_at: Visitor, yumi: Visitor, database: Deployment, typed: str
):
    before = await looked_at.log()
    card = yumi.card if typed == "another card" else None
    done = await erase(database, card, looked_at, "--early")
    assert done.returncode == 2
    assert "Nothing was changed" in done.stderr
    assert await looked_at.log() == before


async def test_nothing_is_erased_before_its_time_unless_the_operator_says_so(
    looked_at: Visitor, database: Deployment
):
    before = await looked_at.log()
    done = await erase(database, looked_at.card, looked_at)
    assert done.returncode == 2
    assert "must be kept until" in done.stderr
    assert await looked_at.log() == before


async def test_nothing_is_erased_while_a_case_of_hers_is_open(
    looked_at: Visitor, database: Deployment
):
    await support.ask_for_call(looked_at.actor, "09055550101")
    done = await erase(database, looked_at.card, looked_at, "--early")
    assert done.returncode == 2
    assert "close it first" in done.stderr


async def test_the_certificate_says_how_much_and_why(looked_at: Visitor, database: Deployment):
    events = len(await looked_at.log())
    await erase(database, looked_at.card, looked_at, "--early")
    async with unit_of_work(OPERATOR, subject=looked_at.actor.participant_id) as tx:
        row = await tx.fetchrow("SELECT events, reason FROM erasure_certificate")
    assert row
    assert tuple(row) == (events, REASON[1])


@pytest.mark.parametrize(
    ("newest", "until"),
    [
        (datetime(2026, 11, 29, 12, tzinfo=UTC), date(2031, 11, 29)),
        (datetime(2026, 11, 29, 16, tzinfo=UTC), date(2031, 11, 30)),  # in Japan it is the 30th
        (datetime(2028, 2, 29, 3, tzinfo=UTC), date(2033, 3, 1)),
    ],
)
def test_a_log_is_kept_whole_years_from_its_newest_event(newest: datetime, until: date):
    assert erasure.kept_until(newest, 5) == until
