"""A word about a file that is too large: a browser hears it only when all it sends was taken."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Request
from litestar.response import Redirect, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from api.core.errors import TooSlow

# What is let go by unread, piece by piece; who sends more is cut off.
MOST_BYTES: Final = 64 * 1024 * 1024
# Of what was typed beside the file.
_MOST_WORDS: Final = 100_000

Words = Mapping[str, str]


class _Beside:
    """The words of a form that goes by, without its files."""

    def __init__(self, boundary: str) -> None:
        self._parser = PushMultipartParser(boundary.encode(), max_segment_count=100)
        self._part: MultipartSegment | None = None
        self._found: dict[str, bytearray] = {}
        self._left = _MOST_WORDS

    def pass_by(self, chunk: bytes) -> None:
        for each in self._parser.parse(chunk):
            if isinstance(each, MultipartSegment):
                self._part = None if each.filename is not None else each
            elif each and self._part is not None:
                self._found.setdefault(self._part.name, bytearray()).extend(each[: self._left])
                self._left -= min(len(each), self._left)

    def words(self) -> dict[str, str]:
        return {name: text.decode(errors="ignore") for name, text in self._found.items()}


class _WhenAllIsSent(ASGIResponse):
    """Nothing of the body is kept but the words beside the file."""

    def __init__(self, make: Callable[[Words], ASGIResponse], beside: _Beside | None) -> None:
        self._make, self._beside = make, beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passed = 0
        while passed <= MOST_BYTES:
            try:
                event = await receive()
            except TooSlow:
                break
            if event["type"] != "http.request":
                return
            passed += len(event["body"])
            self._pass_by(event["body"])
            if not event["more_body"]:
                break
        words = self._beside.words() if self._beside else {}
        await self._make(words)(scope, receive, send)

    def _pass_by(self, chunk: bytes) -> None:
        if self._beside is None or not chunk:
            return
        try:
            self._beside.pass_by(chunk)
        except MultipartError:
            self._beside = None


class RedirectWhenSent(Redirect):
    """To a page that says what is wrong, after the rest of a body that is not wanted went by."""

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **more: Any
    ) -> ASGIResponse:
        made = super().to_asgi_response(app, request, **more)
        return _WhenAllIsSent(lambda _: made, None)


class PageWhenSent(Response[bytes]):
    """The form once more with what was typed beside the file, which is to be chosen again."""

    def __init__(self, make: Callable[[Words], Response[bytes]]) -> None:
        super().__init__(b"")
        self._make = make

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **more: Any
    ) -> ASGIResponse:
        def made(words: Words) -> ASGIResponse:
            return self._make(words).to_asgi_response(app, request, **more)

        return _WhenAllIsSent(made, _beside(request))


def _beside(request: Request[Any, Any, Any]) -> _Beside | None:
    try:
        return _Beside(request.content_type[1].get("boundary", ""))
    except MultipartError:
        return None
