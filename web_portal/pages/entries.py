"""A professional writes care notes, sheets of daily life and vitals about somebody before them."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import clock, i18n
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.fhir import codes
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.enrolment import Birth, birth_of
from api.identity.guards import PORTAL, professionals_only
from api.identity.my_number import is_my_number
from api.records.at_facility import forms
from api.records.at_facility import service as writing
from api.records.at_facility.errors import EntryChanged, EntryFaults, NotTaken
from api.records.at_facility.forms import KINDS, Kind
from api.records.at_facility.service import Line, Version
from api.records.mapping import Identifier
from web_portal.page import PortalRequest, preferences, render, say

WRITE = "/clinic/write"
HERE = "/clinic/participants/{participant_id:uuid}/entries"
LONGEST_FIELD = 20_000


class Before(Struct):
    """Whom the professional has before them."""

    by: Literal["card", "local_id"] = "card"
    card: Annotated[str, Meta(max_length=100)] = ""
    local_id: Annotated[str, Meta(max_length=64)] = ""
    birth_era: Annotated[str, Meta(max_length=20)] = "western"
    birth_year: Annotated[str, Meta(max_length=20)] = ""
    birth_month: Annotated[str, Meta(max_length=10)] = ""
    birth_day: Annotated[str, Meta(max_length=10)] = ""


class Shown(Struct):
    """The version of an entry the page showed."""

    version: int


@get(WRITE, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def identify_page(request: PortalRequest, actor: NamedDependency[Actor]) -> Response[bytes]:
    return await _identify(request, actor, Before(), {})


@post(WRITE, status_code=200, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def identify(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Before]
) -> Response[bytes]:
    """POST: no identifier in an address. What is wrong with it is not said."""
    identifier, errors = await _identifier(actor, data)
    born = birth_of(Birth(data.birth_year, data.birth_month, data.birth_day, data.birth_era))
    if isinstance(born, BirthDateFault):
        errors["birth"] = born.value
    if errors or identifier is None or isinstance(born, BirthDateFault):
        return await _identify(request, actor, data, errors)
    subject = await writing.identify(actor, identifier, born)
    if subject is None:
        return await _identify(request, actor, data, {data.by: "error.entry.nobody"})
    return Redirect(_list(subject), status_code=303)


@get(HERE, guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def listed(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    after: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[bytes]:
    whom = await writing.whom(actor, participant_id)
    found = await writing.entries(actor, participant_id, after)
    return await render(
        request,
        "clinic/entries.html",
        actor,
        whom=whom,
        here=_list(participant_id),
        kinds=KINDS,
        written=[_shown(request, each) for each in found.items],
        next=found.next,
        after=after,
    )


@get(f"{HERE}/new/{{kind:str}}", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def new_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    kind: FromPath[str],
) -> Response[bytes]:
    now = clock.now().astimezone(forms.JAPAN)
    values = {"on": now.date().isoformat(), "time": f"{now:%H:%M}"}
    return await _form(request, actor, participant_id, _kind(kind), values)


@post(
    f"{HERE}/new/{{kind:str}}",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def write(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    kind: FromPath[str],
) -> Response[bytes]:
    return await _write(request, actor, participant_id, _kind(kind), None)


@get(f"{HERE}/{{entry_id:uuid}}", guards=[professionals_only], opt=PORTAL, include_in_schema=False)
async def shown(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    whom = await writing.whom(actor, participant_id)
    found = await writing.entry(actor, participant_id, entry_id)
    return await render(
        request,
        "clinic/entry.html",
        actor,
        whom=whom,
        here=_list(participant_id),
        entry=_shown(request, found.line),
        version=found.line.version,
        versions=[_version(request, each) for each in found.versions],
    )


@get(
    f"{HERE}/{{entry_id:uuid}}/correct",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def correct_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    found = await writing.entry(actor, participant_id, entry_id)
    if found.line.is_withdrawn:
        raise NotFound
    line = found.line
    values = {**found.values, "version": str(line.version)}
    return await _form(request, actor, participant_id, line.kind, values, entry_id=entry_id)


@post(
    f"{HERE}/{{entry_id:uuid}}/correct",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def correct(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    """The form names its kind; an entry of another is not there."""
    kind = (await request.form()).get("kind")
    return await _write(request, actor, participant_id, _kind(str(kind)), entry_id)


@get(
    f"{HERE}/{{entry_id:uuid}}/withdraw",
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def withdraw_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    entry_id: FromPath[UUID],
) -> Response[bytes]:
    return await _withdrawal(request, actor, participant_id, entry_id, "")


@post(
    f"{HERE}/{{entry_id:uuid}}/withdraw",
    status_code=200,
    guards=[professionals_only],
    opt=PORTAL,
    include_in_schema=False,
)
async def withdraw(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    participant_id: FromPath[UUID],
    entry_id: FromPath[UUID],
    data: URLEncodedBody[Shown],
) -> Response[bytes]:
    try:
        await writing.withdraw(actor, participant_id, entry_id, data.version)
    except (EntryChanged, NotTaken) as refusal:
        error = say(request, refusal.key)
        return await _withdrawal(request, actor, participant_id, entry_id, error)
    return Redirect(f"{_list(participant_id)}/{entry_id}", status_code=303)


async def _write(
    request: PortalRequest, actor: Actor, participant_id: UUID, kind: Kind, entry_id: UUID | None
) -> Response[bytes]:
    """Nothing typed is lost: whatever is wrong, the form comes back as it was filled in."""
    fields = await _fields(request, kind)
    try:
        written = await writing.write(
            actor,
            participant_id,
            kind,
            fields,
            sure=fields.get("sure", ""),
            entry_id=entry_id,
            version=_version_in(fields),
        )
    except EntryFaults as faults:
        safe = fields | {
            name: "" for name, key in faults.faults.items() if key == "error.entry.my_number"
        }
        return await _form(
            request, actor, participant_id, kind, safe, entry_id=entry_id, wrong=faults, status=422
        )
    except (EntryChanged, NotTaken) as refusal:
        error = f"{say(request, refusal.key)} {say(request, f'{refusal.key}.next')}"
        return await _form(
            request,
            actor,
            participant_id,
            kind,
            fields,
            entry_id=entry_id,
            error=error,
            status=refusal.status,
        )
    here = _list(participant_id)
    there = f"{here}/{written.entry_id}" if written.is_shown else here
    return Redirect(there, status_code=303)


async def _form(
    request: PortalRequest,
    actor: Actor,
    participant_id: UUID,
    kind: Kind,
    values: Mapping[str, str],
    *,
    entry_id: UUID | None = None,
    wrong: EntryFaults | None = None,
    error: str = "",
    status: int = 200,
) -> Response[bytes]:
    whom = await writing.whom(actor, participant_id)
    here = _list(participant_id)
    faults = wrong.faults if wrong else {}
    odd = wrong.odd if wrong and not faults else {}
    return await render(
        request,
        "clinic/entry_form.html",
        actor,
        status=status,
        path=here,
        whom=whom,
        here=here,
        kind=kind,
        action=f"{here}/{entry_id}/correct" if entry_id else f"{here}/new/{kind}",
        is_correction=entry_id is not None,
        version=_version_in(values),
        values={name: values.get(name, "") for name in (*forms.WHEN, *forms.FIELDS[kind])},
        errors={name: _why(request, name, key) for name, key in faults.items()},
        odd={name: _why(request, name, key) for name, key in odd.items()},
        sure=wrong.sure if wrong and not faults else "",
        error=error,
        vitals=forms.VITALS,
        choices=forms.CHOICES,
        topics=forms.TOPICS,
        first=forms.EARLIEST.isoformat(),
        last=clock.today_in_japan().isoformat(),
    )


async def _withdrawal(
    request: PortalRequest, actor: Actor, participant_id: UUID, entry_id: UUID, error: str
) -> Response[bytes]:
    whom = await writing.whom(actor, participant_id)
    found = await writing.entry(actor, participant_id, entry_id)
    if found.line.is_withdrawn and not error:
        raise NotFound
    return await render(
        request,
        "clinic/entry_withdraw.html",
        actor,
        status=409 if error else 200,
        path=f"{_list(participant_id)}/{entry_id}",
        whom=whom,
        here=_list(participant_id),
        entry=_shown(request, found.line),
        version=found.line.version,
        error=error,
    )


async def _identify(
    request: PortalRequest, actor: Actor, values: Before, errors: Mapping[str, str]
) -> Response[bytes]:
    is_kept = CardFault.MY_NUMBER not in errors.values()
    names = await directory.named(actor, [actor.facility_id] if actor.facility_id else [])
    return await render(
        request,
        "clinic/write.html",
        actor,
        status=422 if errors else 200,
        path=WRITE,
        facility=next(iter(names.values())).label(preferences(request).locale),
        may=await writing.may_write(actor),
        by=values.by,
        values={"card": values.card, "local_id": values.local_id} if is_kept else {},
        birth={
            name: getattr(values, name)
            for name in ("birth_era", "birth_year", "birth_month", "birth_day")
        },
        errors={name: _advised(request, key) for name, key in errors.items()},
    )


async def _identifier(actor: Actor, data: Before) -> tuple[Identifier | None, dict[str, str]]:
    """A 個人番号 is recognised before anything else."""
    if is_my_number(data.local_id):
        return None, {"local_id": CardFault.MY_NUMBER}
    if data.by == "card":
        card = CardNumber.parse(data.card, directory.profile().card_scheme)
        if isinstance(card, CardFault):
            return None, {"card": card}
        return Identifier(codes.CARD, card.digits), {}
    if not data.local_id.strip():
        return None, {"local_id": "error.clinic.local_id"}
    names = await directory.named(actor, [actor.facility_id] if actor.facility_id else [])
    code = next(iter(names.values())).code
    return Identifier(codes.patient_in_facility(code), data.local_id.strip()), {}


async def _fields(request: PortalRequest, kind: Kind) -> dict[str, str]:
    sent = await request.form()
    names = (*forms.WHEN, *forms.FIELDS[kind], "sure", "version")
    return {name: text[:LONGEST_FIELD] for name in names if isinstance(text := sent.get(name), str)}


def _version_in(fields: Mapping[str, str]) -> int:
    version = fields.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0


def _shown(request: PortalRequest, line: Line) -> dict[str, object]:
    return {
        "id": str(line.entry_id),
        "kind": line.kind,
        "kind_said": say(request, f"entry.kind.{line.kind}"),
        "at": line.at,
        "title": line.title if line.kind != "life" else say(request, "entry.kind.life"),
        "written_at": line.written_at,
        "is_withdrawn": line.is_withdrawn,
    }


def _version(request: PortalRequest, version: Version) -> dict[str, object]:
    return {
        "number": version.number,
        "at": version.written_at,
        "by": version.by,
        "is_withdrawn": version.is_withdrawn,
        "facts": [
            (fact.label or title, i18n.day(preferences(request).locale, fact.on))
            if isinstance(fact.on, date)
            else (fact.label or title, fact.value)
            for title, fact in version.facts
        ],
    }


def _why(request: PortalRequest, name: str, key: str) -> str:
    """Of a vital with the bounds it was held to."""
    vital = next((each for each in forms.VITALS if each.name == name), None)
    if vital is None or key not in ("error.entry.bounds", "entry.odd"):
        return say(request, key)
    least, most = vital.bounds if key == "error.entry.bounds" else vital.usual
    return say(request, key, least=least, most=most, unit=vital.unit)


def _advised(request: PortalRequest, key: str) -> str:
    after = f"{key}.next"
    has_more = i18n.has_text(preferences(request).locale, after)
    return f"{say(request, key)} {say(request, after)}" if has_more else say(request, key)


def _kind(text: str) -> Kind:
    for kind in KINDS:
        if text == kind:
            return kind
    raise NotFound


def _list(participant_id: UUID) -> str:
    return f"/clinic/participants/{participant_id}/entries"


routes: list[ControllerRouterHandler] = [
    identify_page,
    identify,
    listed,
    new_page,
    write,
    shown,
    correct_page,
    correct,
    withdraw_page,
    withdraw,
]
