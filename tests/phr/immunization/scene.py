"""A child with vaccines in Hanako's book; days counted from today."""

from datetime import date, timedelta
from typing import Any

from api.core.clock import today_in_japan as this_day
from api.core.database import unit_of_work
from api.phr.child.reading import Child
from api.phr.due import service as due
from api.phr.due.rules import Due
from tests.phr.child import scene
from tests.portal.scene import Visitor


def ago(days: int) -> date:
    return this_day() - timedelta(days=days)


async def child(keeper: Visitor, days: int, **more: str) -> Child:
    """So many days old."""
    return await scene.begun(keeper, born=ago(days), **more)


def path_of(of: Child | None, rest: str = "") -> str:
    return (f"/book/children/{of.book_id}/vaccines" if of else "/book/vaccines") + rest


def door_of(of: Child | None, rest: str = "") -> str:
    return (f"/me/children/{of.book_id}/immunizations" if of else "/me/immunizations") + rest


async def written(who: Visitor, of: Child | None, vaccine: str, on: date, **more: str) -> str:
    """The page after a dose was saved."""
    fields = {"vaccine": vaccine, "on": on.isoformat(), **more}
    return await who.follow(await who.post(path_of(of, "/new"), fields))


async def sent(who: Visitor, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {who.token}", "accept-language": "ja"}
    return await who.browser.request(method, path, json=body, headers=headers)


async def due_of(who: Visitor, of: Child | None) -> list[Due]:
    async with unit_of_work(who.actor) as tx:
        return await due.listed_in(tx, "immunization", book=str(of.book_id) if of else "")
