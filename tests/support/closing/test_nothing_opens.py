"""Nothing that was open before Hanako closed her account opens again, and nothing new does."""

import asyncio
from contextvars import Context
from datetime import date

import asyncpg
import pytest

from api.consent import service as consent
from api.consent.lifecycle import dwelling, leaving
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import demo_door
from api.identity import service as identity
from api.identity.errors import AccountClosed
from api.support.closing import carrying_out, service
from tests.portal.scene import SESSION_COOKIE, Place, Visitor
from tests.portal.test_clinic import allow
from tests.support.closing.test_at_counter import second
from tests.support.closing.test_closing import closed
from tests.support.closing.test_coming_back import CLOSED, back, gone

__all__ = ["gone", "second"]


async def test_nothing_of_before_is_taken_up_again_by_taking_something_back(
    hanako: Visitor, ueda: Visitor, second: Visitor, clinic: Place, days_pass
) -> None:
    """By the page, by an app, and her taking part with its day."""
    await dwelling.show_from(hanako.actor, date(1990, 1, 1))
    await allow(hanako, clinic)
    before = (await consent.settings(hanako.actor)).directive
    assert any(each.kind == "permit" for each in before.provisions)
    await closed(hanako, days_pass)
    await back(hanako, ueda, second)

    async def nothing_opened() -> int:
        state = await consent.settings(hanako.actor)
        assert not [each for each in state.directive.provisions if each.kind == "permit"]
        assert not state.directive.teams
        assert state.participation.data_from != date(1990, 1, 1)
        return state.directive.version

    version = await nothing_opened()
    assert version == before.version + 1
    page = await hanako.post("/disclosure/undo", {"version": str(version)})
    assert "/sign-in" not in page.headers["location"]
    assert await nothing_opened() == version
    answer = await hanako.tell("/me/disclosure/undo", {"version": version})
    assert answer.status_code == 200
    assert await nothing_opened() == version
    with pytest.raises(NotFound):
        await dwelling.show_from(hanako.actor, None, is_undo=True)
    for wish in ("withdrawn", "participating", "withdrawn", "participating"):
        await leaving.take_part(hanako.actor, wish, is_undo=True)
        await nothing_opened()

    await allow(hanako, clinic)
    version = (await consent.settings(hanako.actor)).directive.version
    await consent.undo(hanako.actor, expected_version=version)
    assert await nothing_opened() == version + 1, "what she chose since is taken back as ever"
    await consent.undo(hanako.actor, expected_version=version + 1)
    state = await consent.settings(hanako.actor)
    assert any(each.kind == "permit" for each in state.directive.provisions)


async def test_her_log_says_that_her_settings_ended_with_her_account(
    hanako: Visitor, ueda: Visitor, second: Visitor, clinic: Place, days_pass
) -> None:
    await allow(hanako, clinic)
    await closed(hanako, days_pass)
    await back(hanako, ueda, second)
    page = (await hanako.get("/access-log")).text
    assert "だれかに見せる設定はすべて終わりました" in page
    assert "ひとつ前にもどしました" not in page


async def test_no_session_and_no_app_of_a_closed_account(gone: Visitor) -> None:
    hashed = "sha256('a')"
    for statement in (
        "INSERT INTO session (account_id, session_hash, expires_at, way, device, idle_seconds)"
        f" VALUES (app.account(), {hashed}, now() + interval '1 hour', 'demo', '', 60)",
        "INSERT INTO app_grant (account_id, client_id, scopes, ends_at, code_hash, code_ends_at,"
        f" redirect_uri, challenge) VALUES (app.account(), 'a', '{{a}}', now(), {hashed}, now(),"
        " '', repeat('a', 43))",
        "INSERT INTO mail_address (participant_id) VALUES (app.subject())",
    ):
        async with unit_of_work(gone.actor) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the account is closed"):
                async with tx.connection.transaction():
                    await tx.execute(statement)
    with pytest.raises(AccountClosed):
        async with unit_of_work(gone.actor) as tx:
            await identity.open_session(tx, gone.actor)


async def test_who_signs_in_while_the_account_is_closed_has_no_session_left(
    hanako: Visitor, days_pass, admin: asyncpg.Connection
) -> None:
    """Whichever of the two is first, the other waits."""
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    async with unit_of_work(hanako.actor) as tx:
        await identity.open_session(tx, hanako.actor)
        closing = asyncio.create_task(carrying_out.go_round(), context=Context())
        waits = (
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database())"
        )
        while not closing.done() and not await admin.fetchval(waits):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        assert not closing.done(), "whoever signs in ends first"
    assert await closing == 1
    left = "SELECT count(*) FROM session WHERE account_id = $1"
    assert await admin.fetchval(left, hanako.actor.account_id) == 0


async def test_what_is_begun_between_the_ties_and_the_destruction_ends_with_them(
    hanako: Visitor, clinic: Place, days_pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    destroy = carrying_out._destroy

    async def later(actor: Actor, ended: int) -> None:
        await leaving.take_part(hanako.actor, "participating")
        await allow(hanako, clinic)
        await destroy(actor, ended)

    monkeypatch.setattr(carrying_out, "_destroy", later)
    assert await carrying_out.go_round() == 1
    state = await consent.settings(hanako.actor)
    assert state.participation.state == "withdrawn"
    assert not [each for each in state.directive.provisions if each.kind == "permit"]


async def test_a_link_of_the_demo_says_kindly_that_the_account_is_closed(gone: Visitor) -> None:
    await demo_door.declare_deployment(is_demo=True)
    assert gone.actor.account_id
    token = await demo_door.make_demo_link(gone.actor.account_id)
    gone.browser.cookies.delete(SESSION_COOKIE)
    page = await gone.get(f"/demo/sign-in/{token}")
    assert page.status_code == 200
    page = await gone.post("/demo/sign-in", token=token)
    assert page.status_code == 409
    assert CLOSED in page.text
    assert "もう一度参加なさるときは" in page.text
    assert SESSION_COOKIE not in page.cookies
