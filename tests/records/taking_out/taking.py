"""Taking out and bringing in by hand, as the background would."""

import io
import zipfile
from typing import Any

from pypdf import PdfReader

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.phr.entries import service as entries
from api.phr.entries.service import Entry, Wish
from api.records.bringing_in import jobs
from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.service import Import
from api.records.taking_out import service
from api.records.taking_out.resources import decoded
from api.records.taking_out.rules import Form, Job
from tests.phr.samples import CHILD, SAMPLE, WEIGHT


async def background() -> None:
    """Until nothing waits any more."""
    while await jobs.work_on_next(uuid7()):
        pass


async def made(actor: Actor, *forms: Form) -> Job:
    export_id = await service.start(actor, "ja", forms)
    await background()
    return await service.one(actor, export_id)


async def content(actor: Actor, job: Job, form: Form) -> bytes:
    return b"".join((await service.fetch(actor, job.export_id, form)).pieces)


async def bundle(actor: Actor) -> bytes:
    return await content(actor, await made(actor, "fhir"), "fhir")


def resources(bundle: bytes) -> list[dict[str, Any]]:
    return [each["resource"] for each in decoded(bundle)["entry"]]


def tables(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


async def brought(actor: Actor, body: bytes) -> Import:
    looked = await bringing_in.look(actor, body)
    await bringing_in.keep(actor, looked.import_id)
    await background()
    return await bringing_in.one(actor, looked.import_id)


async def wrote_own(actor: Actor, remark: str = "ひみつの日記") -> list[Entry]:
    """A few entries of every shape, two of them hanging on another."""
    today = clock.today_in_japan().isoformat()
    async with unit_of_work(actor) as tx:
        (child,) = await entries.write_all_in(
            tx, actor, [Wish(CHILD, {"on": "2026-01-02", "weight": "3.2"}, is_sure=True)]
        )
        rest = await entries.write_all_in(
            tx,
            actor,
            [
                Wish(
                    SAMPLE,
                    {
                        "on": today,
                        "time": "00:00",
                        "weight": "62.5",
                        "meal": "before",
                        "signs": "cough fever",
                        "remark": remark,
                        "until": today,
                        "first": "yes",
                    },
                ),
                Wish(WEIGHT, {"on": "2026-02-03", "weight": "61"}),
                Wish(CHILD, {"on": "2026-02-03", "weight": "4.1"}, str(child.entry_id),
                     is_sure=True),
                Wish(CHILD, {"on": "2026-03-03", "weight": "5"}, str(child.entry_id), is_sure=True),
            ],
        )  # fmt: skip
    return [child, *rest]
