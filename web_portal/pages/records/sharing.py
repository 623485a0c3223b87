"""A participant shares one record once: with whom, and until when."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.errors import SettingsChangedMeanwhile, UnknownChoice
from api.consent.settings.checking import MOST_SHARE_DAYS
from api.consent.settings.switches import Command, Share
from api.consent.settings.telling import label
from api.core import clock, i18n
from api.core.actor import Actor
from api.directory import service as directory
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.records.own import service as own
from api.records.own.choices import SHARE_DAYS
from api.records.own.service import OwnRecordInFull
from web_portal.page import PortalRequest, preferences, render, say
from web_portal.pages.disclosure.frame import crossed
from web_portal.pages.records.one import may_be_shared
from web_portal.pages.records.said import line, saved

MOST_RECIPIENTS = 20

Words = Annotated[str, Meta(max_length=100)]
Query = Annotated[str, QueryParameter(max_length=100)]
Version = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Sharing(Struct):
    """`to` is `facility:<id>` or `professional:<id>`; `until` the last day, as ISO 8601."""

    version: Version
    to: Words = ""
    until: Words = ""
    q: Words = ""


class Refused(Exception):
    """What was filled in cannot be done; `field` and `key` say where and why."""

    def __init__(self, field: str, key: str) -> None:
        super().__init__(key)
        self.field = field
        self.key = key


@get(
    "/records/{record_id:uuid}/share",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def share_page(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    q: Query = "",
) -> Response[bytes]:
    if not may_be_shared(await own.one(actor, record_id)):
        return Redirect(f"/records/{record_id}#share", status_code=303)
    return await _share_page(request, actor, record_id, Sharing(version=0, q=q))


@post(
    "/records/{record_id:uuid}/share",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def share(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    data: URLEncodedBody[Sharing],
) -> Response[bytes]:
    full = await own.one(actor, record_id)
    if not may_be_shared(full):
        return Redirect(f"/records/{record_id}#share", status_code=303)
    try:
        commands: list[Command] = [_share(full, data)]
        state = await consent.change(actor, commands, expected_version=data.version)
    except Refused as refused:
        errors = {refused.field: say(request, refused.key, days=MOST_SHARE_DAYS)}
        return await _share_page(request, actor, record_id, data, errors)
    except SettingsChangedMeanwhile as error:
        return await crossed(request, actor, error, f"/records/{record_id}")
    return saved(f"/records/{record_id}", state, data.version)


def _share(full: OwnRecordInFull, wish: Sharing) -> Share:
    """Raises `Refused`; the share ends with the last moment of its last day in Japan."""
    until = _end(wish.until)
    kind, _, code = wish.to.partition(":")
    try:
        recipient = UUID(code)
    except ValueError as error:
        raise Refused("to", "error.my_records.share.to") from error
    record_ids = (full.record.record_id,)
    if kind == "facility":
        return Share(facility_id=recipient, record_ids=record_ids, until=until)
    if kind == "professional":
        return Share(professional_id=recipient, record_ids=record_ids, until=until)
    raise UnknownChoice


def _end(text: str) -> datetime:
    try:
        last = date.fromisoformat(text)
    except ValueError as error:
        raise Refused("until", "error.my_records.share.until") from error
    today = clock.today_in_japan()
    if not today <= last < today + timedelta(days=MOST_SHARE_DAYS):
        raise Refused("until", "error.my_records.share.until")
    return datetime.combine(last + timedelta(days=1), time(), i18n.JAPAN)


async def _share_page(
    request: PortalRequest,
    actor: Actor,
    record_id: UUID,
    wish: Sharing,
    errors: dict[str, str] | None = None,
) -> Response[bytes]:
    full, today = await own.one(actor, record_id), clock.today_in_japan()
    recipients, total = await _recipients(request, actor, wish.q)
    return await render(
        request,
        "records/share.html",
        actor,
        status=422 if errors else 200,
        path=f"/records/{record_id}/share",
        record=line(request, full.record),
        query=wish.q,
        recipients=recipients,
        is_cut=total > len(recipients),
        values={
            "to": wish.to,
            "until": wish.until or (today + timedelta(days=SHARE_DAYS - 1)).isoformat(),
        },
        first_day=today.isoformat(),
        last_day=(today + timedelta(days=MOST_SHARE_DAYS - 1)).isoformat(),
        most_days=MOST_SHARE_DAYS,
        errors=errors or {},
        version=full.settings.directive.version,
    )


async def _recipients(
    request: PortalRequest, actor: Actor, words: str
) -> tuple[list[tuple[str, str]], int]:
    """Facilities first, then people, each with where they are found; and how many there are."""
    if not words.strip():
        return [], 0
    locale, profile = preferences(request).locale, directory.profile()
    facilities, of_facilities = await directory.search(actor, words, limit=MOST_RECIPIENTS)
    people, of_people = await directory.search_people(actor, words, limit=MOST_RECIPIENTS)
    found = [
        (
            f"facility:{each.facility_id}",
            say(
                request,
                "my_records.share.facility",
                name=each.label(locale),
                region=label(profile, "region", each.region, locale),
            ),
        )
        for each in facilities
    ]
    found += [
        (
            f"professional:{each.professional_id}",
            say(
                request,
                "my_records.share.professional",
                name=each.name,
                profession=label(profile, "profession", each.profession, locale),
                facility=each.facility_label(locale),
            ),
        )
        for each in people
    ]
    return found, of_facilities + of_people


routes: list[ControllerRouterHandler] = [share_page, share]
