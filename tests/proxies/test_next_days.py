"""A day to come is told to who acts for a minor only where they may read what it follows from."""

import asyncpg
import pytest
from msgspec import structs

from api.consent.facts import RESTRICTED
from api.core.clock import today_in_japan as this_day
from api.phr import shelf
from api.phr.child import writing
from api.phr.due.rules import Due
from api.phr.immunization import service as vaccinations
from tests.phr.child.scene import account_of_a_child, begun
from tests.portal.scene import Visitor


async def days(actor) -> dict[str, Due | None]:
    return {each.book.name: each.next for each in await shelf.standings(actor)}


async def withheld(admin: asyncpg.Connection, actor, *, but: str = "") -> None:
    await admin.execute(
        "UPDATE record SET sensitivity = $2 WHERE participant_id = $1"
        " AND split_part(identifier_value, ':', 1) <> $3",
        actor.participant_id,
        RESTRICTED,
        but,
    )


async def test_of_a_childs_book_they_are_not_shown_no_day(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    await begun(hanako)
    parent = structs.replace(hanako.actor, is_shown_restricted=False)
    open_to_both = await days(parent)
    assert open_to_both == await days(hanako.actor)
    assert open_to_both["children"]
    assert open_to_both["vaccines"]
    await withheld(admin, hanako.actor)
    shut = await days(parent)
    assert (shut["children"], shut["vaccines"]) == (None, None)
    assert await days(hanako.actor) == open_to_both


async def test_of_what_is_written_in_a_book_only_what_they_may_read_moves_a_day(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    yui = await begun(hanako)
    parent = structs.replace(hanako.actor, is_shown_restricted=False)
    before = await days(parent)
    fields = {"on": this_day().isoformat(), "which": "m6"}
    await writing.write(hanako.actor, yui.book_id, "checkup", fields)
    for vaccine in ("bcg", "hbv"):
        dose = {"vaccine": vaccine, "on": this_day().isoformat()}
        await vaccinations.write(hanako.actor, yui.book_id, dose)
    assert await days(hanako.actor) != before
    await withheld(admin, hanako.actor, but="child")
    assert await days(parent) == before


@pytest.mark.usefixtures("open_browser")
async def test_of_ones_own_doses_that_are_withheld_no_day(admin: asyncpg.Connection) -> None:
    aoi, _ = await account_of_a_child()
    dose = {"vaccine": "hbv", "on": this_day().isoformat()}
    await vaccinations.write(aoi, None, dose)
    parent = structs.replace(aoi, is_shown_restricted=False)
    assert (await days(parent))["vaccines"] == (await days(aoi))["vaccines"] is not None
    await withheld(admin, aoi)
    assert (await days(parent))["vaccines"] is None
