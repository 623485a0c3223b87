"""How an answer over FHIR looks: links, headers, and the moment it leaves at."""

import asyncio
import re
import time
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request
from litestar.response import Response

from api.access_log import receipts
from api.access_log.service import Appended
from api.core import i18n
from api.core.errors import NotFound
from api.fhir.outcome import Issue, operation_outcome
from api.records.finding import Person
from api.records.mapping import Identifier

FHIR_JSON: Final = "application/fhir+json"
# Longer than it takes to find out whose an id is, to decide and to log, whichever came of it.
EVEN_SECONDS: Final = 0.02
TIMER_SECONDS: Final = 0.001

FhirRequest = Request[Any, Any, Any]


class _Meta(msgspec.Struct):
    version: str | None = msgspec.field(default=None, name="versionId")
    updated: datetime | None = msgspec.field(default=None, name="lastUpdated")


class _Head(msgspec.Struct):
    meta: _Meta = msgspec.field(default_factory=_Meta)


def link(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Relative to the base."""
    query = urlencode(list(parameters), safe="|,:/")
    return f"{path}?{query}" if query else path


class Answer(Response[bytes]):
    """`is_shown`: it tells something of somebody's records."""

    is_shown = False


def fhir(body: bytes, event: Appended | None = None, *, is_shown: bool = False) -> Answer:
    """Whoever asked gets a receipt of what was logged, be it about a participant or about nobody.

    Never the event's number in the participant's log: how it grows would tell what others did.
    """
    headers = {} if event is None else {receipts.HEADER: receipts.header(event)}
    answer = Answer(body, media_type=FHIR_JSON, headers=headers)
    answer.is_shown = is_shown
    return answer


def not_found(event: Appended) -> NotFound:
    """Absent and forbidden answer alike, each with the receipt of its event."""
    problem = NotFound()
    problem.headers[receipts.HEADER] = receipts.header(event)
    return problem


def version_answer(request: FhirRequest, resource: bytes, event: Appended) -> Answer:
    """One version of a resource; 304 and nothing of it to whoever has it already. Both are logged
    alike: knowing that nothing changed is knowing."""
    meta = msgspec.json.decode(resource, type=_Head).meta
    answer = fhir(resource, event, is_shown=True)
    if meta.version is not None:
        answer.headers["ETag"] = f'W/"{meta.version}"'
    if meta.updated is not None:
        answer.headers["Last-Modified"] = format_datetime(meta.updated.astimezone(UTC), usegmt=True)
    if _is_held(request, meta):
        answer.status_code, answer.content = 304, b""
    return answer


def _is_held(request: FhirRequest, meta: _Meta) -> bool:
    """RFC 9110 §13.2.2: `If-None-Match` before `If-Modified-Since`, which counts whole seconds."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        named = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return "*" in named or f'"{meta.version}"' in named
    since = request.headers.get("if-modified-since")
    if since is None or meta.updated is None:
        return False
    try:
        return meta.updated.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


async def evenly(answering: Awaitable[Answer]) -> Answer:
    """Nothing leaves at one of few moments after it was asked for, whatever there was to hide."""
    began = time.perf_counter()
    try:
        answer = await answering
    except NotFound:
        await _until_even(began)
        raise
    if not answer.is_shown:
        await _until_even(began)
    return answer


async def _until_even(began: float) -> None:
    """An event loop's timers count whole milliseconds from when they were set, which by itself
    would tell how long finding out took: the last of them is waited for turn by turn."""
    now = time.perf_counter()
    until = now + (began - now) % EVEN_SECONDS
    await asyncio.sleep(max(until - now - TIMER_SECONDS, 0))
    while time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0)


def ignored_entry(names: tuple[str, ...]) -> bytes:
    """Says what a search was made without (`Prefer: handling=lenient`), in an entry of its own."""
    issues = [
        Issue(
            "not-supported",
            "error.fhir.ignored",
            " / ".join(i18n.text(locale, "error.fhir.ignored") for locale in i18n.LOCALES),
            path=name if re.fullmatch("[A-Za-z_.:-]{1,64}", name) else "",
            severity="warning",
        )
        for name in names
    ]
    entry = {"resource": operation_outcome(issues), "search": {"mode": "outcome"}}
    return msgspec.json.encode(entry)


def patient(person: Person, identifier: Identifier | None) -> dict[str, Any]:
    """FHIR R4 Patient in the JP Core shape; what the settings do not show is simply not there."""
    wire: dict[str, Any] = {"resourceType": "Patient", "id": str(person.participant_id)}
    if identifier is not None:
        wire["identifier"] = [{"system": identifier.system, "value": identifier.value}]
    if person.name is not None:
        wire["name"] = [
            _name(person.name, "IDE"),
            _name(person.name_kana or "", "SYL"),
        ]
        wire["gender"] = person.sex
        wire["birthDate"] = person.birth_on.isoformat() if person.birth_on else None
    return wire


def _name(text: str, representation: str) -> dict[str, Any]:
    return {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
                "valueCode": representation,
            }
        ],
        "use": "official",
        "text": text,
    }
