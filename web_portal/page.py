"""What every page shares: the reader's language and comfort, the frame, and safe ways back."""

import re
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypedDict

from jinja2 import Environment
from litestar import Request
from litestar.params import Parameter
from litestar.response import Response
from litestar.template.base import csrf_token
from markupsafe import Markup

from api.core import i18n
from api.core.actor import Actor, ActorKind, Power
from api.directory import service as directory
from api.proxies import service as proxies
from notifications import service as notifications
from web_portal.templating import environment

PortalRequest = Request[Any, Any, Any]
# What a form of a book is drawn with: the same form sent twice is one entry.
ONCE: Final = "_once"
CSRF_COOKIE: Final = "tsunagu_csrf"
_DRAWN: Final = Markup('<input type="hidden" name="{}" value="{}">')
# Signs that turn the letters after them about, and halves of signs: no text of ours has them, and
# a name or a dose that somebody sent may pretend with them to be another.
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PageNumber = Annotated[int, Parameter(ge=1, le=100_000)]


class Flash(TypedDict):
    kind: Literal["info", "success", "warning", "error"]
    title: str
    text: str


class Preferences(NamedTuple):
    locale: str
    text_size: str
    contrast: str


def preferences(request: PortalRequest) -> Preferences:
    """From cookies; the language first from the reader's browser, Japanese in doubt."""
    cookies = request.cookies
    locale = cookies.get("locale")
    if locale not in i18n.LOCALES:
        locale = i18n.preferred(request.headers.get("accept-language", "ja"))
    return Preferences(
        locale,
        "large" if cookies.get("text_size") == "large" else "normal",
        "high" if cookies.get("contrast") == "high" else "normal",
    )


def say(request: PortalRequest, key: str, /, **params: object) -> str:
    return i18n.text(preferences(request).locale, key, **params)


async def render(
    request: PortalRequest,
    template: str,
    actor: Actor,
    *,
    status: int = 200,
    flash: Flash | None = None,
    path: str | None = None,
    **context: object,
) -> Response[bytes]:
    """`path`: where a change of language returns to, for a page that answers a form."""
    viewer = await _viewer(actor)
    if viewer and request.scope["state"].get("is_representative") and not _acting(request):
        viewer["principals"] = await proxies.principals(actor)
    return frame(request, template, viewer, status=status, flash=flash, path=path, **context)


def frame(
    request: PortalRequest,
    template: str,
    viewer: Mapping[str, object] | None,
    *,
    status: int = 200,
    flash: Flash | None = None,
    path: str | None = None,
    **context: object,
) -> Response[bytes]:
    """As `render`, for a viewer already looked up; asks the database for nothing."""
    chosen = preferences(request)
    network = directory.profile()
    wording = network.wording.ja if chosen.locale == "ja" else network.wording.en
    token = Markup('<input type="hidden" name="_csrf_token" value="{}">')
    # Of a form that was refused unread nothing was compared yet.
    known = csrf_token({"request": request}) or request.cookies.get(CSRF_COOKIE, "")
    fields = token.format(known)
    if request.url.path.startswith("/book"):
        fields += _DRAWN.format(ONCE, secrets.token_urlsafe(12))
    html = (
        _environment()
        .get_template(template)
        .render(
            **chosen._asdict(),
            path=path or request.url.path,
            csrf_input=fields,
            viewer=viewer,
            acting=_acting(request),
            acting_ended=request.scope["state"].get("acting_ended", False),
            network={
                "name": getattr(network.name, chosen.locale),
                "support_phone": wording.get("support.phone", ""),
                "support_hours": wording.get("support.hours", ""),
            },
            flash=flash,
            **context,
        )
    )
    return Response(_TURNS.sub("", html).encode(), status_code=status, media_type="text/html")


async def _viewer(actor: Actor) -> dict[str, object] | None:
    if actor.kind is ActorKind.ANONYMOUS:
        return None
    hears = actor.powers is None or Power.NOTICES in actor.powers
    unread = await notifications.unread(actor) if actor.participant_id and hears else 0
    return {"role": actor.kind.value, "name": actor.name or "", "unread": unread}


def _acting(request: PortalRequest) -> dict[str, object] | None:
    """For whom the session acts, on every page, also where the page itself is not about them."""
    proxy: Actor | None = request.scope["state"].get("acting")
    if proxy is None or proxy.powers is None:
        return None
    return {"name": proxy.principal_name or "", "powers": {str(each) for each in proxy.powers}}


def pages_of(total: int, on_a_page: int) -> int:
    return max(1, -(-total // on_a_page))


def back_to(path: str) -> str:
    """A path of our own to return to; anything else becomes the front page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if is_ours and path.isprintable() else "/"


@cache
def _environment() -> Environment:
    return environment()
