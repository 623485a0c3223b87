"""Lists asked for pages nobody was led to: the first page or a refusal, nothing of anybody else."""

import re
from collections.abc import Iterable, Iterator

import asyncpg
from litestar import Litestar

from api.consent.lifecycle import leaving
from tests.attacks.test_own_books import admin, kept_all_books, one_of_each, state_of
from tests.phr.conftest import browsers, hanako, open_browser, yumi
from tests.portal.scene import Visitor

__all__ = ["admin", "browsers", "hanako", "open_browser", "yumi"]

ASKED = {"page", "after", "count", "from", "since", "before", "limit", "_count", "number", "month"}
STRANGE = (
    "1" + "0" * 30,
    "-1",
    "0",
    "",
    "٣",
    "２",
    "' OR 1=1 --",
    "%00",
    "9999-12-31_253402300799999999_00000000-0000-0000-0000-000000000000",
    f"2026-01-01_{10**30}_00000000-0000-0000-0000-000000000000",
    f"-{10**30}_00000000-0000-0000-0000-000000000000",
    f"{10**30}_00000000-0000-0000-0000-000000000000",
    "9" * 5_000,
)


def doors(app: Litestar) -> Iterator[tuple[str, str]]:
    """Every list of the portal and of /me, and what it is asked with."""
    for route in app.routes:
        path = route.path_format
        if re.match(r"/(schema|static|fhir|demo|\.well-known|oauth)", path):
            continue
        handlers = getattr(route, "route_handler_map", {})
        if "GET" not in handlers:
            continue
        for name, field in handlers["GET"][0].parsed_fn_signature.parameters.items():
            said = next((each.name for each in field.metadata if getattr(each, "name", "")), "")
            if (said or name) in ASKED:
                yield path, said or name


async def answered(who: Visitor, where: str) -> tuple[int, str]:
    answer = await (who.ask(where) if where.startswith("/me/") else who.get(where))
    return answer.status_code, answer.text


async def lists(app: Litestar, who: Visitor, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Those that answer her, one of each."""
    found = list[tuple[str, str]]()
    for path, name in sorted(set(doors(app))):
        for one in ids if "{" in path else [""]:
            where = re.sub(r"\{\w+\}", one, path)
            if (await answered(who, where))[0] == 200:
                found.append((where, name))
                break
    return found


async def ids_of(who: Visitor, admin: asyncpg.Connection) -> list[str]:
    return [str(one) for one in one_of_each(await state_of(who, admin))]


async def test_no_page_breaks_a_list(
    app: Litestar, hanako: Visitor, admin: asyncpg.Connection
) -> None:
    await kept_all_books(hanako)
    asked = await lists(app, hanako, [*await ids_of(hanako, admin), "weight", "growth", "hba1c"])
    assert len(asked) > 20, asked
    for where, name in asked:
        for text in STRANGE:
            status, _ = await answered(hanako, f"{where}?{name}={text}")
            assert status in (200, 400, 404, 422), (where, name, text[:50])


async def test_anothers_place_leads_to_ones_own(
    app: Litestar, hanako: Visitor, yumi: Visitor, admin: asyncpg.Connection
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    for who in (hanako, yumi):
        await kept_all_books(who)
        await kept_all_books(who)
    rows = await admin.fetch(
        "SELECT record_id FROM record WHERE participant_id = $1", yumi.actor.participant_id
    )
    hers = {str(row["record_id"]) for row in rows}
    led = 0
    for where, name in await lists(app, yumi, sorted(hers)):
        if name != "after" or not where.startswith("/me/"):
            continue
        answer = await yumi.ask(f"{where}?count=1")
        following = answer.json().get("next")
        if following is None:
            continue
        led += 1
        status, text = await answered(hanako, f"{where}?after={following}")
        assert status in (200, 400, 404)
        assert not any(one in text for one in hers - {following.split("_")[-1]}), where
    assert led > 5
