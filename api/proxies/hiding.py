"""In safe mode no facility is named in what leaves the portal's pages: apps' answers, and files."""

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.core.actor import ANONYMOUS, Actor
from api.directory import service as directory

# What is not text has no names that could be taken out of it: its own route refuses.
TEXTS = ("application/json", "application/problem+json", "application/fhir+json", "text/")


def hiding(app: ASGIApp) -> ASGIApp:
    """The last to touch an answer, so that no route can forget: stored sentences name facilities,
    and so do titles of records, and routes still to be written."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        held: list[Message] = []
        body = bytearray()

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.clear()
                body.clear()
                if _leaves(scope, MutableScopeHeaders.from_message(message)):
                    held.append(message)
                    return
            if not held:
                await send(message)
                return
            if message["type"] != "http.response.body":
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            start = held.pop()
            hidden = (await directory.without_names(_actor(scope), body.decode())).encode()
            headers = MutableScopeHeaders.from_message(start)
            if scope["method"] != "HEAD":
                headers["content-length"] = str(len(hidden))
            await send(start)
            await send({"type": "http.response.body", "body": hidden, "more_body": False})

        await app(scope, receive, pass_on)

    return guarded


def _leaves(scope: Scope, headers: MutableScopeHeaders) -> bool:
    actor = _actor(scope)
    if not actor.is_safe or not headers.get("content-type", "").startswith(TEXTS):
        return False
    handler: Any = scope.get("route_handler")
    is_app: bool = handler is not None and handler.opt.get("door") != "portal"
    is_file = headers.get("content-disposition", "").startswith("attachment")
    return is_app or is_file


def _actor(scope: Scope) -> Actor:
    actor: Actor = scope["state"].get("actor", ANONYMOUS)
    return actor
