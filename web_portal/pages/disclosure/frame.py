"""What the settings pages share: a wish and its way back, what was just done, and ends."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, TypedDict
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from litestar.params import QueryParameter
from litestar.response import Redirect, Response
from msgspec import Meta

from api.consent import service as consent
from api.consent.errors import SettingsChangedMeanwhile, UnknownChoice
from api.consent.settings.switches import Command
from api.consent.stored import Settings
from api.core.actor import Actor
from api.core.i18n import JAPAN
from web_portal.page import PortalRequest, back_to, render
from web_portal.pages.disclosure.places import place_of, section_of
from web_portal.sentences import made_said, wishes_said

HUB = "/disclosure"
SAVE = "/disclosure/save"
# Where a wide or closing change goes first, to be looked at before it is saved.
CONFIRM = "/disclosure/confirm"

Query = Annotated[str, QueryParameter(max_length=100)]
Code = Annotated[str, QueryParameter(max_length=40)]
Change = Annotated[str, Meta(max_length=50_000)]
Back = Annotated[str, Meta(max_length=1_000)]

MOST_MEANWHILE = 10


def wish(*commands: Command) -> str:
    """As forms carry it."""
    return msgspec.json.encode(commands).decode()


def wished(change: str) -> list[Command]:
    try:
        return msgspec.json.decode(change, type=list[Command])
    except msgspec.DecodeError as error:
        raise UnknownChoice from error


def last_day(ends_at: datetime) -> date:
    """The last day in Japan on which something that ends then still holds."""
    return (ends_at - timedelta(microseconds=1)).astimezone(JAPAN).date()


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), JAPAN)


def is_open(state: Settings) -> bool:
    """Only who takes part has anything to choose."""
    return consent.state_now(state.participation) == "participating"


def to(path: str) -> Response[bytes]:
    return Redirect(path, status_code=303)


async def section(
    request: PortalRequest,
    actor: Actor,
    template: str,
    state: Settings,
    *,
    here: str,
    changed: int | None = None,
    places: Collection[str] = (),
    status: int = 200,
    **context: object,
) -> Response[bytes]:
    """`here`: this page with its query; `places`: the ids its switches stand at."""
    if not is_open(state) and here != HUB:
        return to(HUB)
    return await render(
        request,
        f"disclosure/{template}.html",
        actor,
        status=status,
        flash=None,
        path=here,
        here=here,
        save=SAVE,
        confirm=CONFIRM,
        version=state.directive.version,
        undo=await _undo(request, actor, state, changed, places),
        **context,
    )


async def saved(
    request: PortalRequest, actor: Actor, commands: Sequence[Command], version: int, back: str
) -> Response[bytes]:
    """The page the wish came from, with what it did; both versions where they crossed."""
    back = back or section_of(commands)
    try:
        state = await consent.change(actor, commands, expected_version=version)
        if state.directive.version == version:
            return to(own_path(back) or HUB)  # nothing changed, so there is nothing to say of it
    except SettingsChangedMeanwhile as crossing:
        state = await consent.settings(actor)
        if not await consent.already_so(
            actor, state, commands
        ):  # a second tap wanted what the first one did
            return await crossed(request, actor, crossing, back)
    return to(returning(back, state.directive.version))


async def crossed(
    request: PortalRequest, actor: Actor, crossing: SettingsChangedMeanwhile, back: str
) -> Response[bytes]:
    """What was changed since, what was wanted now, and the choice between them."""
    back = own_path(back) or section_of(crossing.wanted)
    return await render(
        request,
        "disclosure/conflict.html",
        actor,
        status=409,
        path=back,
        back=back,
        save=SAVE,
        version=crossing.version,
        meanwhile=[
            await made_said(request, actor, each) for each in crossing.meanwhile[-MOST_MEANWHILE:]
        ],
        wanted=await wishes_said(request, actor, crossing.wanted),
        change=wish(*crossing.wanted),
    )


def own_path(back: str) -> str:
    """A page of the person's own settings or records; anything else is no way back."""
    path = back_to(back)
    return path if path.startswith(("/disclosure", "/records")) else ""


def returning(back: str, version: int) -> str:
    """Back to the place on the page, which is told what the newest version is."""
    parts = urlsplit(own_path(back) or HUB)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "changed"]
    query.append(("changed", str(version)))
    return urlunsplit(("", "", parts.path, urlencode(query), parts.fragment))


def with_query(path: str, asked: Mapping[str, str]) -> str:
    given = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


async def _undo(
    request: PortalRequest,
    actor: Actor,
    state: Settings,
    changed: int | None,
    places: Collection[str],
) -> dict[str, str] | None:
    """Right after a change: what it did, and where on the page its switch stands."""
    version = state.directive.version
    if not changed or changed != version:
        return None
    made = await consent.turned(actor, version)
    if not made:
        return None
    place = "" if isinstance(made, str) else place_of(made[0])
    text = await made_said(request, actor, made)
    return {"text": text, "at": place if place in places else ""}


class Turn(TypedDict):
    """A switch as pages show it: where it stands, and what tapping it wishes, by which door."""

    place: str
    label: str
    detail: str
    on: bool
    change: str
    action: str


def turn(label: str, command: Command, *, on: bool, detail: str = "", asks: bool = False) -> Turn:
    """`command` is what tapping wishes; `asks`: to be looked at before it is saved."""
    return {
        "place": place_of(command),
        "label": label,
        "detail": detail,
        "on": on,
        "change": wish(command),
        "action": CONFIRM if asks else SAVE,
    }
