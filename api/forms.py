"""Text in a form is UTF-8, whatever a part of it says of itself.

No browser names another; a stranger could name one whose reader takes minutes over a few kilobytes
(punycode), before anybody is asked who they are.
"""

from collections.abc import Iterator

from litestar import _multipart
from multipart import MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]


class _InUtf8(PushMultipartParser):  # type: ignore[misc]
    def parse(self, chunk: bytes) -> Iterator[MultipartSegment | bytearray | None]:
        for each in super().parse(chunk):
            if isinstance(each, MultipartSegment):
                each.charset = None
            yield each


def read_as_utf8() -> None:
    """For the whole process: the reader of forms takes no word on how they are to be read."""
    _multipart.PushMultipartParser = _InUtf8  # type: ignore[attr-defined]
