"""A word about a file that is too large: a browser hears it only when all it sends was taken."""

from typing import Any, Final

from litestar import Request
from litestar.response import Redirect
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

# What is let go by unread, piece by piece; who sends more is cut off.
MOST_BYTES: Final = 64 * 1024 * 1024


class _WhenAllIsSent(ASGIResponse):
    """Nothing of the body is kept."""

    def __init__(self, inner: ASGIResponse) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passed = 0
        while passed <= MOST_BYTES:
            event = await receive()
            if event["type"] != "http.request":
                return
            passed += len(event["body"])
            if not event["more_body"]:
                break
        await self._inner(scope, receive, send)


class RedirectWhenSent(Redirect):
    """To a page that says what is wrong, after the rest of a body that is not wanted went by."""

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **more: Any
    ) -> ASGIResponse:
        return _WhenAllIsSent(super().to_asgi_response(app, request, **more))
