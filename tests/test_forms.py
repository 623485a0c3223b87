"""What `api/forms.py` changes is still what Litestar reads forms by."""

from importlib.metadata import version

import httpx
import pytest
from litestar import Litestar, Request, post
from multipart import MultipartSegment

from api import forms

NAME = "山本花子"
BODY = (
    b'--x\r\nContent-Disposition: form-data; name="name"\r\n'
    b"Content-Type: text/plain; charset=%s\r\n\r\n" + NAME.encode() + b"\r\n--x--\r\n"
)
USED = f"litestar {version('litestar')}, multipart {version('multipart')}"


@post("/")
async def said(request: Request) -> str:
    return (await request.form())["name"]


async def read(charset: bytes) -> str:
    transport = httpx.ASGITransport(app=Litestar([said], logging_config=None))
    async with httpx.AsyncClient(transport=transport, base_url="http://forms") as browser:
        head = {"content-type": "multipart/form-data; boundary=x"}
        answer = await browser.post("/", content=BODY % charset, headers=head)
    return answer.text


@pytest.mark.parametrize("charset", [b"utf-8", b"latin-1", b"utf-7", b"punycode", b"nonsense"])
async def test_words_of_a_form_are_utf_8(charset: bytes):
    forms.read_as_utf8()
    assert await read(charset) == NAME, (
        f"{USED}: forms are no longer read by the `charset` of a `multipart.MultipartSegment`;"
        " find where a part's charset is taken from now, and let api/forms.py silence it there"
    )


async def test_litestar_alone_would_still_believe_a_part(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(MultipartSegment, "charset", raising=False)
    assert await read(b"latin-1") == NAME.encode().decode("latin-1"), (
        f"{USED}: Litestar no longer reads a part as it says of itself; if what it reads by has no"
        " charset at all, api/forms.py can go, and the test above alone stays"
    )
