"""What participants write themselves, attacked: by others' ids, twice at once, while it ends."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextvars import Context
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from litestar import Litestar

from api.consent.lifecycle import leaving
from api.core.actor import Actor
from api.core.ids import uuid7
from api.phr.child import handing_over
from api.phr.child import service as children
from api.phr.child.errors import CodeRefused
from api.phr.entries import service as entries
from api.phr.vitals import batches
from api.phr.vitals.kinds import PRESSURE
from api.phr.vitals.samples import Sent
from api.records.bringing_in import jobs
from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.entry_kinds import KINDS
from api.records.taking_out import files as own_files
from api.records.taking_out import service as exports
from api.support.closing import service as closing
from tests.phr.child.scene import account_of_a_child, begun
from tests.portal.scene import Visitor
from tests.records.taking_out import taking
from tests.serving import ANSWER_SECONDS
from tests.support.closing.conftest import (
    admin,
    browsers,
    clinic,
    days_pass,
    hanako,
    open_browser,
    yumi,
)
from tests.support.closing.rounds import carried_out
from tests.support.closing.test_copies import CANARY, add_document, wrote

__all__ = ["admin", "browsers", "clinic", "days_pass", "hanako", "open_browser", "yumi"]

SENT = {
    "fields": {},
    "version": 1,
    "on": "2026-01-01",
    "vaccine": "mr",
    "kind": "weight",
    "values": {"weight": "61"},
}


def sent_to(path: str) -> dict[str, Any]:
    if "/pregnancies/" not in path:
        return SENT
    kind = {"kind": "visit"} if "/entries" in path else {}
    return {"fields": {"on": "2026-01-01", "lmp": "2026-01-01"}, "version": 1, **kind}


def doors(app: Litestar) -> Iterator[tuple[str, str]]:
    """Every door to one thing of one's own."""
    for route in app.routes:
        methods = getattr(route, "methods", set()) & {"GET", "POST", "PUT", "DELETE"}
        if re.match(r"/me/|/book/", route.path_format) and "_id}" in route.path_format:
            yield from ((method, route.path_format) for method in methods)


async def state_of(who: Visitor, admin: asyncpg.Connection) -> list[Any]:
    """What she has, by name, and what of it."""
    return await admin.fetch(
        "SELECT coalesce(identifier_value, '') AS name, record_id AS id, version, body AS said"
        " FROM record WHERE participant_id = $1 UNION ALL SELECT 'out', export_id, 0, state"
        " FROM own_export WHERE participant_id = $1 UNION ALL SELECT 'in', import_id, 0, state"
        " FROM own_import WHERE participant_id = $1 UNION ALL SELECT 'offer', book_id, 0,"
        " called_off_at::text FROM child_offer WHERE participant_id = $1 ORDER BY 1, 2, 3",
        who.actor.participant_id,
    )


async def kept_all_books(who: Visitor) -> None:
    for kind in KINDS.values():
        if kind.name != "wish-document":
            await wrote(who, kind)
    await add_document(who)
    await handing_over.offer(who.actor, (await begun(who)).book_id)
    job = await taking.made(who.actor, "fhir")
    await bringing_in.look(who.actor, await taking.content(who.actor, job, "fhir"))


def one_of_each(state: Sequence[Any]) -> list[UUID]:
    found = {row["name"].partition(":")[0]: row["id"] for row in state}
    return list(found.values())


async def test_nobody_reaches_what_is_somebody_elses_by_its_id(
    app: Litestar, hanako: Visitor, yumi: Visitor, admin: asyncpg.Connection
) -> None:
    await leaving.take_part(yumi.actor, "participating")
    await kept_all_books(yumi)
    await kept_all_books(hanako)
    before = await state_of(yumi, admin)
    ids = one_of_each(before)
    assert len(ids) > 25
    await hanako.get("/")
    form = {"_csrf_token": hanako.browser.cookies["tsunagu_csrf"], "version": "1", "sure": "yes"}
    bearer = {"authorization": f"Bearer {hanako.token}"}
    reached: Counter[tuple[str, str, int]] = Counter()
    asked = sorted(set(doors(app)))
    assert len(asked) > 60
    for method, path in asked:
        # Each of a few ids at every door, and each id at some.
        for one in (uuid4(), *ids[len(path) % 3 :: 3]):
            at = re.sub(r"\{\w*_id\}", str(one), path).replace("{what}", "growth")
            at = at.replace("{form}", "fhir")
            if path.startswith("/me/"):
                body = {"json": sent_to(path)} if method in ("POST", "PUT") else {}
                answer = await hanako.browser.request(method, at, headers=bearer, **body)
            else:
                more: dict[str, Any] = {"data": form} if method == "POST" else {}
                html = {"accept": "text/html"}
                answer = await hanako.browser.request(method, at, headers=html, **more)
            reached[method, path, answer.status_code] += 1
    told: dict[tuple[str, str], set[int]] = {}
    for method, path, status in reached:
        told.setdefault((method, path), set()).add(status)
    assert {door: each for door, each in told.items() if len(each) > 1} == {}, "as of nothing"
    # Calling off what is not offered changes nothing; what is no wish at all is not looked up.
    found = {path for (_, path), each in told.items() if each & {200, 201, 202, 204, 303}}
    assert found == {"/book/children/{book_id}/hand-over/call-off", "/me/children/{book_id}/offer"}
    assert await state_of(yumi, admin) == before


def reading(systolic: str, edited: str) -> Sent:
    at = "2026-05-01T07:00:00+09:00"
    return Sent("one", PRESSURE.name, at, edited, {"systolic": systolic, "diastolic": "80"}, "")


async def test_of_two_phones_with_one_name_for_two_contents_the_later_edit_stands(
    hanako: Visitor,
) -> None:
    earlier = reading("121", "2026-05-01T08:00:00+09:00")
    later = reading("135", "2026-05-01T09:00:00+09:00")
    for sent in ([earlier], [later]) * 3:
        await asyncio.gather(
            *(
                asyncio.create_task(batches.take(hanako.actor, each), context=Context())
                for each in (sent, [later], [earlier])
            )
        )
    (entry,) = await entries.entries(hanako.actor, [PRESSURE])
    assert entry.values["systolic"] == "135"


async def test_a_book_offered_once_is_taken_once(hanako: Visitor) -> None:
    of = await begun(hanako)
    code = await handing_over.offer(hanako.actor, of.book_id)
    child, _ = await account_of_a_child(of.birth_on)
    results = await asyncio.gather(
        *(
            asyncio.create_task(handing_over.take(child, code.digits), context=Context())
            for _ in range(4)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, UUID) for each in results) == 1, results
    assert sum(isinstance(each, CodeRefused) for each in results) == 3, results
    assert len(await children.children(child)) == 1
    assert await children.children(hanako.actor) == []


async def test_one_file_brought_in_twice_at_once_is_there_once(hanako: Visitor) -> None:
    written = await taking.wrote_own(hanako.actor)
    file = await taking.bundle(hanako.actor)
    for each in written:
        await entries.remove(hanako.actor, each.entry_id)
    looked = [await bringing_in.look(hanako.actor, file) for _ in range(2)]
    assert [each.counts.total for each in looked] == [5, 5]
    for wish in looked:
        await bringing_in.keep(hanako.actor, wish.import_id)
    done = looked
    async with asyncio.timeout(ANSWER_SECONDS):
        while any(each.state != "done" for each in done):  # another process may have taken one
            await asyncio.gather(
                *(
                    asyncio.create_task(jobs.work_on_next(uuid7()), context=Context())
                    for _ in range(2)
                )
            )
            done = [await bringing_in.one(hanako.actor, each.import_id) for each in looked]
    assert sorted(each.counts.total for each in done) == [0, 5]
    assert (await hanako.ask("/me/records")).json()["total"] == 5


async def over(who: Actor, days_pass: Any, visitor: Visitor) -> None:
    await closing.begin(who, erases_log=False)
    await days_pass(visitor, 14)
    await carried_out(who.participant_id)


@pytest.mark.parametrize("what", ["out", "in"])
async def test_a_job_that_waits_while_its_account_is_closed_leaves_nothing(
    hanako: Visitor, admin: asyncpg.Connection, days_pass: Any, what: str
) -> None:
    await taking.wrote_own(hanako.actor)
    if what == "in":
        job_id = (await bringing_in.look(hanako.actor, await taking.bundle(hanako.actor))).import_id
        await bringing_in.keep(hanako.actor, job_id)
    else:
        job_id = await exports.start(hanako.actor, "ja", ["fhir"])
    await over(hanako.actor, days_pass, hanako)
    await taking.background()
    assert not own_files.folder_of(job_id).exists()
    assert await state_of(hanako, admin) == []


async def test_what_is_written_of_books_is_logged_by_kind_and_count_alone(
    hanako: Visitor,
) -> None:
    await kept_all_books(hanako)
    said = repr(await hanako.log())
    assert "records:own:added" in said
    assert CANARY not in said
