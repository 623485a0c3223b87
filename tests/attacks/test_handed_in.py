"""Files from a clumsy or a hostile hand: a word on the page, and what was typed is there."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from api.phr.directives import service as wishes
from tests.phr.conftest import admin, browsers, hanako, open_browser
from tests.portal.scene import Visitor

__all__ = ["admin", "browsers", "hanako", "open_browser"]

DOCUMENT = "/book/wishes/documents/new"
PAGES = ("/records/checkup-file", "/book/vitals/file", "/book/bring-in", DOCUMENT)
PDF = b"%PDF-1.4 signed\n%%EOF\n"
BOUNDARY = b"----WebKitFormBoundaryTsunagu"
TITLE = "尊厳に関する宣言書 <b>&amp;</b>"
EACH = pytest.mark.parametrize("path", PAGES)


def part(name: str, body: bytes, *, filename: str | None = None, said: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"'
    more = f"\r\nContent-Type: {said}" if said else ""
    return b"--" + BOUNDARY + f"\r\n{head}{more}\r\n\r\n".encode() + body + b"\r\n"


def file(body: bytes) -> bytes:
    return part("file", body, filename="a.pdf", said="application/pdf")


async def token(who: Visitor) -> bytes:
    await who.get("/book")
    return part("_csrf_token", who.browser.cookies["tsunagu_csrf"].encode())


def words(title: str = TITLE, said: str = "") -> bytes:
    return part("title", title.encode(), said=said) + part("dated", b"2026-01-02")


async def hand_in(
    who: Visitor, path: str, body: bytes | AsyncIterator[bytes], locale: str = "ja"
) -> httpx.Response:
    who.browser.cookies.set("locale", locale)
    headers = {
        "content-type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
        "accept": "text/html",
    }
    answer = await who.browser.post(path, content=body, headers=headers)
    if answer.status_code == 303:
        return await who.get(answer.headers["location"], locale=locale)
    return answer


def end() -> bytes:
    return b"--" + BOUNDARY + b"--\r\n"


def is_the_form_again(page: str) -> bool:
    return bool(re.search(r'<input[^>]*type="file"[^>]*aria-invalid="true"', page))


@EACH
async def test_with_no_file_chosen_the_form_asks_for_one(hanako: Visitor, path: str) -> None:
    """As browsers send it: a part without a name and without bytes."""
    nothing = part("file", b"", filename="", said="application/octet-stream")
    for sent in (nothing, b"", part("file", b"typed")):
        answer = await hand_in(hanako, path, await token(hanako) + words() + sent + end())
        assert answer.status_code == 422
        assert "ファイルを選んでください" in answer.text
        assert is_the_form_again(answer.text)
        assert path != DOCUMENT or html.escape(TITLE, quote=False) in answer.text.replace(
            "&#39;", "'"
        )


@EACH
async def test_of_two_files_the_first_is_meant(hanako: Visitor, path: str) -> None:
    first = file(PDF) if path == DOCUMENT else file(b"nothing of ours")
    answer = await hand_in(
        hanako, path, await token(hanako) + words() + first + file(b"GIF89a") + end()
    )
    assert answer.status_code == (200 if path == DOCUMENT else 422)


@EACH
@pytest.mark.parametrize("charset", ["punycode", "nonsense", "zlib", "utf-7", "shift_jis"])
async def test_a_part_has_no_say_in_how_it_is_read(
    hanako: Visitor, path: str, charset: str
) -> None:
    """A punycode of 80 kB would hold every other request for a quarter of a minute."""
    long = f"-{'b' * 80_000}"
    said = f"text/plain; charset={charset}"
    body = await token(hanako) + words(long, said) + file(b"GIF89a") + end()
    answer = await hand_in(hanako, path, body)
    assert answer.status_code == 422
    assert path != DOCUMENT or long in answer.text
    for door in ("/sign-in", "/register"):  # before anybody is asked who they are
        assert (await hand_in(hanako, door, body)).status_code in (400, 403, 404, 405, 422)


async def test_a_title_too_long_comes_back_whole(hanako: Visitor) -> None:
    long = "長" * 10_000
    answer = await hand_in(hanako, DOCUMENT, await token(hanako) + words(long) + file(PDF) + end())
    assert answer.status_code == 422
    assert "100文字まで" in answer.text
    assert long in answer.text
    assert (await wishes.wishes(hanako.actor)).documents == []


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


@EACH
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_fifty_megabytes_are_said_to_be_too_many_on_the_page(
    hanako: Visitor, path: str, is_chunked: bool
) -> None:
    photo = file(b"\xff\xd8\xff" + bytes(50 * 1024 * 1024))
    body = await token(hanako) + photo + words() + end()
    answer = await hand_in(hanako, path, in_pieces(body) if is_chunked else body)
    assert answer.status_code in (413, 422)
    assert "大きすぎます" in answer.text
    assert "何も保存していません" in answer.text
    assert is_the_form_again(answer.text)
    if path == DOCUMENT:
        assert re.search(r'name="title"[^>]*value="尊厳に関する宣言書 &lt;b&gt;', answer.text)
        assert 'value="2026-01-02"' in answer.text
        again = re.search(r'name="_csrf_token" value="([^"]+)"', answer.text)
        assert again
        small = part("_csrf_token", again[1].encode()) + words() + file(PDF) + end()
        assert (await hand_in(hanako, path, small)).status_code == 200
        (kept,) = (await wishes.wishes(hanako.actor)).documents
        assert kept.values["title"] == TITLE


@EACH
@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-40],
        lambda body: body.replace(b"\r\n\r\n", b"\r\n", 1),
        lambda body: body + b"more",
        lambda body: body.replace(BOUNDARY, b"--other", 2),
        lambda body: b"\0" * 1000 + body,
        lambda body: b"".join(part(f"p{n}", b"x") for n in range(1500)) + body,
        lambda body: part("x", b"", said="text/plain; " + "y" * 50_000) + body,
    ],
    ids=["cut", "no head", "more", "other boundary", "nothing first", "1500 parts", "long head"],
)
async def test_a_form_that_is_none_is_refused(hanako: Visitor, path: str, spoil) -> None:
    body = spoil(await token(hanako) + words() + file(b"GIF89a") + end())
    for sent in (body, body + bytes(40 * 1024 * 1024)):
        answer = await hand_in(hanako, path, sent)
        assert 400 <= answer.status_code < 500
        assert "申しわけありません" in answer.text or is_the_form_again(answer.text)
    assert (await wishes.wishes(hanako.actor)).documents == []
