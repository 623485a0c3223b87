"""A participant decides about single records: hidden, marked; each taken back."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.consent import service as consent
from api.consent.errors import SettingsChangedMeanwhile
from api.consent.settings.record_changes import LEVELS
from api.consent.settings.switches import (
    Command,
    HidePeriod,
    HideRecords,
    MarkRecord,
    Remove,
    SetIncomingLevel,
)
from api.core.actor import Actor
from api.identity.guards import PORTAL, SETTINGS, participants_only
from api.records.own import service as own
from api.records.own.service import OwnRecordInFull
from web_portal.page import PortalRequest, back_to, render, say
from web_portal.pages.disclosure.frame import crossed
from web_portal.pages.records.said import last_change, saved

Words = Annotated[str, Meta(max_length=100)]
Version = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Changed = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]


class Choice(Struct):
    """`share` names the running share that ends."""

    act: Literal[
        "hide",
        "show",
        "hide_visit",
        "show_visit",
        "came",
        "normal",
        "restricted",
        "secret",
        "end_share",
    ]
    version: Version
    share: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0


class Incoming(Struct):
    level: Literal["normal", "restricted"]
    version: Version


class TakeBack(Struct):
    version: Version
    next: Words = "/records"


@post(
    "/records/{record_id:uuid}/choices",
    guards=[participants_only],
    opt=PORTAL | SETTINGS,
    include_in_schema=False,
)
async def choose(
    request: PortalRequest,
    actor: NamedDependency[Actor],
    record_id: FromPath[UUID],
    data: URLEncodedBody[Choice],
) -> Response[bytes]:
    full = await own.one(actor, record_id)
    commands = _commands(full, data)
    try:
        state = await consent.change(actor, commands, expected_version=data.version)
    except SettingsChangedMeanwhile as error:
        state = await consent.settings(actor)
        if not await consent.already_so(
            actor, state, commands
        ):  # a second tap wanted what the first one did
            return await crossed(request, actor, error, f"/records/{record_id}")
    return saved(f"/records/{record_id}", state, data.version)


@get(
    "/records/incoming", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def incoming(
    request: PortalRequest, actor: NamedDependency[Actor], changed: Changed = None
) -> Response[bytes]:
    return await _incoming_page(request, actor, changed=changed)


@post(
    "/records/incoming", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False
)
async def set_incoming(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Incoming]
) -> Response[bytes]:
    commands: list[Command] = [SetIncomingLevel(LEVELS.index(data.level))]
    try:
        state = await consent.change(actor, commands, expected_version=data.version)
    except SettingsChangedMeanwhile as error:
        state = await consent.settings(actor)
        if not await consent.already_so(actor, state, commands):
            return await crossed(request, actor, error, "/records/incoming")
    return saved("/records/incoming", state, data.version)


@post("/records/undo", guards=[participants_only], opt=PORTAL | SETTINGS, include_in_schema=False)
async def undo(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[TakeBack]
) -> Response[bytes]:
    path = back_to(data.next).partition("?")[0].partition("#")[0]
    try:
        state = await consent.undo(actor, expected_version=data.version)
    except SettingsChangedMeanwhile as error:
        return await crossed(request, actor, error, path)
    return saved(path, state, data.version)


def _commands(full: OwnRecordInFull, choice: Choice) -> list[Command]:
    record = full.record
    match choice.act:
        case "hide" | "show":
            return [HideRecords(record_ids=(record.record_id,), on=choice.act == "hide")]
        case "hide_visit":
            return [
                HidePeriod(
                    on=True,
                    source_facility_id=record.facility_id,
                    data_from=record.on,
                    data_to=record.on + timedelta(days=1),
                )
            ]
        case "show_visit":
            return [
                HidePeriod(
                    on=False,
                    source_facility_id=rule.source_facility_id,
                    data_from=rule.data_from,
                    data_to=rule.data_to,
                    category=rule.category,
                )
                for rule in record.choices.periods
            ]
        case "came":
            return [MarkRecord(record_id=record.record_id, level=None)]
        case "end_share":
            if choice.share not in {rule.id for rule in record.choices.shares}:
                return []
            return [Remove(provision_id=choice.share)]
        case level:
            return [MarkRecord(record_id=record.record_id, level=LEVELS.index(level))]


async def _incoming_page(
    request: PortalRequest,
    actor: Actor,
    *,
    changed: int | None = None,
) -> Response[bytes]:
    state = await consent.settings(actor)
    return await render(
        request,
        "records/incoming.html",
        actor,
        flash=None,
        path="/records/incoming",
        is_participating=state.participation.state == "participating",
        levels=[(each, say(request, f"my_records.incoming.{each}")) for each in LEVELS[:2]],
        level=LEVELS[state.directive.incoming_level],
        version=state.directive.version,
        undo=await last_change(request, actor, state, changed),
    )


routes: list[ControllerRouterHandler] = [choose, incoming, set_incoming, undo]
