"""A file whose days lie at the ends of the calendar is brought in, and every page still opens."""

import re

import asyncpg
import pytest
from litestar import Litestar

from api.core import clock
from tests.attacks.test_own_books import kept_all_books
from tests.phr.conftest import admin, browsers, hanako, open_browser, yumi
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

__all__ = ["admin", "browsers", "hanako", "open_browser", "yumi"]


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2199-12-31", "9999-12-31"])
async def test_no_day_makes_a_book_unreadable(
    app: Litestar, hanako: Visitor, admin: asyncpg.Connection, day: str
) -> None:
    await kept_all_books(hanako)
    today = clock.today_in_japan().isoformat()
    body = await taking.bundle(hanako.actor)
    await admin.execute("DELETE FROM record WHERE participant_id = $1", hanako.actor.participant_id)
    at = body.count(today.encode())
    assert at > 30
    spoilt = body.replace(today.encode(), day.encode())
    await taking.brought(hanako.actor, spoilt)
    ids = await admin.fetch(
        "SELECT record_id, identifier_value AS name FROM record WHERE participant_id = $1",
        hanako.actor.participant_id,
    )
    paths = {
        route.path_format
        for route in app.routes
        if re.match(r"/(book|me)/", route.path_format) and "GET" in getattr(route, "methods", ())
    }
    asked = 0
    for path in sorted(paths):
        where = [path] if "{" not in path else [
            re.sub(r"\{\w*_id\}|\{child\}", str(row["record_id"]), path)
            for row in ids
            if "_id}" in path or "{child}" in path
        ]  # fmt: skip
        for one in where:
            if "{" in one:
                continue
            answer = await (hanako.ask(one) if one.startswith("/me/") else hanako.get(one))
            assert answer.status_code < 500, one
            asked += answer.status_code == 200
    assert asked > 30
