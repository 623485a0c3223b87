"""What somebody hands in with a form: a file, and the words beside it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from litestar.datastructures import UploadFile

from web_portal.page import PortalRequest

_FILE: Final = "file"


class HandedIn(NamedTuple):
    """`body` is None where no file was chosen: a browser then sends one without a name."""

    body: bytes | None
    words: Mapping[str, str]


async def handed_in(request: PortalRequest) -> HandedIn:
    """Of several files the first; also of a form that is none."""
    sent = await request.form()
    words = {name: text for name, text in sent.multi_items() if isinstance(text, str)}
    files = [each for each in sent.getall(_FILE, []) if isinstance(each, UploadFile)]
    return HandedIn(await files[0].read() if files else None, words)
