"""How notices reach me: plain switches, hours of quiet, one language, the month in sum."""

from datetime import time
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core import i18n
from api.core.actor import Actor
from api.core.errors import Problem
from api.identity.guards import NOTICES, PORTAL, participants_only
from notifications.choices import service as told
from notifications.choices.errors import EmergenciesAreTold, NoSuchHours, NotForAProxy
from notifications.choices.service import DEVICES, Manner, Preferences, Turn, Wish
from notifications.kinds import Kind
from notifications.planning import Quiet, Way
from web_portal.page import Flash, PortalRequest, render, say

PATH = "/notices/settings"
What = Literal["turn", "quiet", "language", "digest"]
Hour = Annotated[int, Meta(ge=0, le=23)]
Was = Annotated[str, QueryParameter(pattern=r"^[a-z0-9_.]{0,60}$")]
# On a page a letter is said and not offered: it goes where nothing else does.
SHOWN: tuple[Way, ...] = ("push", "mail")


class Change(Struct):
    """One form of the page; `what` says which, and which of the rest counts."""

    what: What
    kind: Kind = Kind.ACCESS
    way: Way = "push"
    on: Literal["yes", "no"] = "no"
    start: Hour = 21
    end: Hour = 7
    language: Annotated[str, Meta(max_length=10)] = DEVICES


@get(PATH, guards=[participants_only], opt=PORTAL | NOTICES, include_in_schema=False)
async def settings_page(
    request: PortalRequest, actor: NamedDependency[Actor], was: Was = ""
) -> Response[bytes]:
    """`was`: right after a change, what stood before; it can be taken back from there."""
    return await _page(request, actor, await told.mine(actor), was)


@post(PATH, guards=[participants_only], opt=PORTAL | NOTICES, include_in_schema=False)
async def change(
    request: PortalRequest, actor: NamedDependency[Actor], data: URLEncodedBody[Change]
) -> Response[bytes]:
    before = await told.mine(actor)
    try:
        after = await told.change(actor, _wish(data))
    except (EmergenciesAreTold, NoSuchHours, NotForAProxy) as fault:
        return await _page(request, actor, before, fault=fault)
    if after == before:
        return Redirect(PATH, status_code=303)
    was, place = _was(data, before.manner)
    return Redirect(f"{PATH}?{urlencode({'was': was})}#{place}", status_code=303)


def _wish(data: Change) -> Wish:
    is_on = data.on == "yes"
    match data.what:
        case "turn":
            return Wish(turns=(Turn(data.kind, data.way, is_on),))
        case "quiet":
            return Wish(is_quiet=is_on, quiet=Quiet(time(data.start), time(data.end)))
        case "language":
            return Wish(language=data.language)
        case "digest":
            return Wish(wants_digest=is_on)


def _was(data: Change, manner: Manner) -> tuple[str, str]:
    """What stood before, as an address holds it, and where on the page it was changed."""
    match data.what:
        case "turn":
            return f"turn.{data.kind}.{data.way}.{_other(data.on)}", f"{data.kind}-{data.way}"
        case "quiet":
            hours = f"{manner.quiet.start.hour}.{manner.quiet.end.hour}"
            return f"quiet.{'yes' if manner.is_quiet else 'no'}.{hours}", "quiet"
        case "language":
            return f"language.{manner.locale or DEVICES}", "language"
        case "digest":
            return f"digest.{_other(data.on)}", "digest"


def _other(on: str) -> str:
    return "no" if on == "yes" else "yes"


def _undo(was: str) -> dict[str, str] | None:
    """The fields that take the change back; None for what no change left."""
    match was.split("."):
        case ["turn", kind, way, "yes" | "no" as on] if kind in set(Kind) and way in get_args(Way):
            return {"what": "turn", "kind": kind, "way": way, "on": on}
        case ["quiet", "yes" | "no" as on, start, end] if start.isdigit() and end.isdigit():
            return {"what": "quiet", "on": on, "start": start, "end": end}
        case ["language", language] if language in (DEVICES, *i18n.LOCALES):
            return {"what": "language", "language": language}
        case ["digest", "yes" | "no" as on]:
            return {"what": "digest", "on": on}
        case _:
            return None


async def _page(
    request: PortalRequest,
    actor: Actor,
    now: Preferences,
    was: str = "",
    *,
    fault: Problem | None = None,
) -> Response[bytes]:
    flash: Flash | None = None
    if fault is not None:
        key = f"{fault.key}.next"
        following = say(request, key) if i18n.has_text("ja", key) else ""
        flash = {"kind": "error", "title": say(request, fault.key), "text": following}
    undo = _undo(was)
    return await render(
        request,
        "notice_settings.html",
        actor,
        status=fault.status if fault else 200,
        flash=flash,
        path=PATH,
        undo=undo and {"text": _said(request, undo), "fields": undo},
        kinds=[_shown(request, actor, now, kind) for kind in Kind if kind is not Kind.DIGEST],
        manner={
            "is_quiet": now.manner.is_quiet,
            "start": now.manner.quiet.start.hour,
            "end": now.manner.quiet.end.hour,
            "language": now.manner.locale or DEVICES,
            "wants_digest": now.manner.wants_digest,
        },
        hours=[(hour, say(request, "notices.hour", hour=hour)) for hour in range(24)],
        languages=[
            (each, say(request, f"notices.language.{each}")) for each in (DEVICES, *i18n.LOCALES)
        ],
    )


def _said(request: PortalRequest, undo: dict[str, str]) -> str:
    if undo["what"] != "turn":
        return say(request, "notices.changed.manner")
    return say(
        request,
        "notices.changed",
        kind=say(request, f"notices.kind.{undo['kind']}.name"),
        way=say(request, f"notices.way.{undo['way']}"),
    )


def _shown(request: PortalRequest, actor: Actor, now: Preferences, kind: Kind) -> dict[str, object]:
    return {
        "code": kind.value,
        "name": say(request, f"notices.kind.{kind}.name"),
        "about": say(request, f"notices.kind.{kind}.about"),
        "is_own": told.is_own(actor, kind),
        "ways": [
            {
                "way": way,
                "label": say(request, f"notices.way.{way}.switch"),
                "on": now.wanted[kind][way],
            }
            for way in SHOWN
        ],
    }


routes: list[ControllerRouterHandler] = [settings_page, change]
