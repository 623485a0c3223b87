"""Bombs, polyglots and files in every writing of Japan: read, or refused in words, and cheaply."""

import base64
import bz2
import gzip
import html
import io
import re
import struct
import zipfile
import zlib

import httpx
import pytest

from api.phr.directives import service as wishes
from tests.attacks.test_handed_in import DOCUMENT, PAGES, end, file, hand_in, token, words
from tests.phr.conftest import admin, browsers, hanako, open_browser
from tests.portal.scene import Visitor

__all__ = ["admin", "browsers", "hanako", "open_browser"]

CHECKUP, TABLE, BRING_IN, _ = PAGES
HEAD = "日付,体重,最高血圧,最低血圧\n"
LINE = "2026/5/1,６２．５,１２０,８０\n"


async def handed(who: Visitor, path: str, body: bytes) -> httpx.Response:
    return await hand_in(who, path, await token(who) + words() + file(body) + end())


async def refused(who: Visitor, path: str, body: bytes) -> str:
    """What the page says of it."""
    answer = await handed(who, path, body)
    assert answer.status_code == 422, answer.text[-1500:]
    said = re.search(r'id="error-file">.*?</span>(.*?)</p>', answer.text)
    assert said
    assert "何も保存していません" in said[1]
    return html.unescape(said[1])


@pytest.mark.parametrize(
    "body",
    [
        (HEAD + LINE).replace("体重", "体重(㎏)").encode("cp932"),
        ("備考髙﨑①," + HEAD).encode("cp932") + ("髙﨑～－," + LINE).encode("cp932"),
        (HEAD + LINE.replace("2026/5/1", "令和8年5月1日")).encode("utf-8-sig"),
        (HEAD + LINE).encode("utf-16"),
        (HEAD + LINE).replace("\n", "\r").encode(),
        (HEAD + LINE).replace(",", "\t").replace("\n", "\r\n").encode("cp932"),
    ],
    ids=["㎏", "髙﨑①", "BOM", "UTF-16", "old Mac", "tabs"],
)
async def test_a_table_is_read_in_whatever_writing_it_came(hanako: Visitor, body: bytes) -> None:
    answer = await handed(hanako, TABLE, body)
    assert answer.status_code == 200
    assert "2件を保存する" in answer.text
    assert "62.5 kg" in answer.text.replace("\u00a0", " ")
    assert "120/80" in answer.text


TABLES = {
    "UTF-16 unmarked": ((HEAD + LINE).encode("utf-16-le"), "文字を読み取れません"),
    "EUC": ((HEAD + LINE).encode("euc-jp"), "文字を読み取れません"),
    "JIS": ((HEAD + LINE).encode("iso-2022-jp"), "日付の列と"),
    "mixed": (HEAD.encode() + "2026/5/1,62,1,1,めも\n".encode("cp932"), "文字を読み取れません"),
    "NUL": (HEAD.encode() + b"2026/5/1,6\x002.5,120,80\n", "CSV"),
    "newlines": (b"\n" * 2_000_000, "行がありません"),
    "commas": (b"," * 2_000_000, "行がありません"),
    "quotes": (b'"' * 2_000_000, "途中で切れているか"),
    "one cell": (b"x" * 2_000_000, "途中で切れているか"),
    "lines": (HEAD.encode() + LINE.encode() * 50_000, "行が多すぎます"),
    "millions of lines": (HEAD.encode() + LINE.encode() * 90_000, "大きすぎます"),
    "pounds": (b"date,weight(lb)\n2026/5/1,138\n", "日付の列と"),
}


@pytest.mark.parametrize("name", TABLES)
async def test_a_table_that_is_none_is_refused_in_words(hanako: Visitor, name: str) -> None:
    body, said = TABLES[name]
    assert said in await refused(hanako, TABLE, body)


LINES = (
    ("2026/5/1,-62.5,120,80", "数字で"),
    ("2026/5/1,6250,120,80", "0.3から400まで"),
    ("2026/2/31,62,120,80", "日付"),
    ("2099/1/1,62,120,80", "今日まで"),
    ("0001/1/1,62,120,80", "日付"),
    ("9999/12/31,62,120,80", "今日まで"),
    ("2026/5/1,🏥,120,80", "数字で"),
    ("2026/5/1,=1+1,120,80", "数字で"),
    ("2026/5/1,62kg,1,80", "から"),
    ("平成40年5月1日,62,120,80", "日付"),
)


async def test_each_bad_line_says_why_and_the_good_one_is_kept(hanako: Visitor) -> None:
    table = HEAD + "\n".join(line for line, _ in LINES) + "\n" + LINE
    page = (await handed(hanako, TABLE, table.encode())).text
    faults = re.search(r'id="faults".*?</section>', page, re.DOTALL)
    assert faults
    told = re.findall(r"<li>(.*?)</li>", faults[0])
    assert len(told) == len(LINES)
    for number, (one, (_, said)) in enumerate(zip(told, LINES, strict=True), 2):
        assert one.startswith(f"{number}行目")
        assert said in one
    assert "2件を保存する" in page


def zipped(content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("top/DATA/h1.xml", content)
        content = made.getvalue()
    return content


def many(number: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each in range(number):
            archive.writestr(f"../../top/DATA/h{each}.xml", "")
    return made.getvalue()


def understated(body: bytes) -> bytes:
    """The archive says its member is ten bytes long."""
    at = body.rindex(b"PK\x01\x02")
    return body[: at + 24] + struct.pack("<I", 10) + body[at + 28 :]


ATTRIBUTES = " ".join(f'a{n}="{n}"' for n in range(150_000)).encode()
ARCHIVES = {
    "nested": zipped(b"\0" * 2_000_000, 5),
    "six thousand members": many(6_000),
    "none": many(0),
    "understated": understated(zipped(b" " * 3_500_000)),
    "gzip": gzip.compress(b" " * 30_000_000),
    "attributes": b"<a " + ATTRIBUTES + b"/>",
    "an attribute": b'<a b="' + b"x" * 2_900_000 + b'"/>',
    "a comment": b"<!--" + b"x" * 2_900_000,
    "instructions": b"<?x y?>" * 400_000,
}


@pytest.mark.parametrize("name", ARCHIVES)
async def test_a_bomb_where_a_checkup_is_expected_is_refused(hanako: Visitor, name: str) -> None:
    assert await refused(hanako, CHECKUP, ARCHIVES[name])
    assert await refused(hanako, BRING_IN, ARCHIVES[name])


BUNDLE = b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"x":%s}}]}'
BUNDLES = {
    "a picture": (b"\x89PNG\r\n\x1a\n", "受け取ったファイルではありません"),
    "deep": (b"[" * 2_000_000, "複雑すぎて"),
    "deep objects": (b'{"a":' * 500_000, "複雑すぎて"),
    "no decimal": (BUNDLE % b"1e999999999", ""),
    "a million digits": (BUNDLE % (b"9" * 1_000_000), "壊れているか"),
    "twice": (b'{"resourceType":"Bundle","resourceType":"Bundle"}', "壊れているか"),
    "half a sign": (BUNDLE % rb'"\ud800"', "壊れているか"),
    "UTF-16": (BUNDLE.decode().encode("utf-16"), "受け取ったファイルではありません"),
    "marked": (b"\xef\xbb\xbf" + BUNDLE % b"1", ""),
}


@pytest.mark.parametrize("name", BUNDLES)
async def test_a_bundle_made_to_break_its_reader_is_refused(hanako: Visitor, name: str) -> None:
    body, said = BUNDLES[name]
    assert said in await refused(hanako, BRING_IN, body)
    headers = {"authorization": f"Bearer {hanako.token}", "content-type": "application/fhir+json"}
    told = await hanako.browser.post("/me/imports", content=body, headers=headers)
    assert told.status_code == 422
    assert told.json()["title"]


def picture(side: int) -> bytes:
    """A PNG of one bit a point, all of them black."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    packer = zlib.compressobj(9)
    row = bytes(side // 8 + 1)
    points = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", points) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (picture(30_000), "image/png"),
        (b"<html><script>alert(1)</script>%PDF-1.4\n%%EOF", "application/pdf"),
        (b"\xff\xd8\xff\xe0<script>alert(1)</script>\xff\xd9", "image/jpeg"),
        (b"%PDF-1.4\n" + zipped(b"x") + b"%%EOF", "application/pdf"),
    ],
    ids=["30,000 by 30,000", "page and PDF", "page and JPEG", "ZIP and PDF"],
)
async def test_a_document_is_kept_as_bytes_and_never_opened_here(
    hanako: Visitor, body: bytes, media: str
) -> None:
    assert (await handed(hanako, DOCUMENT, body)).status_code == 200
    (kept,) = (await wishes.wishes(hanako.actor)).documents
    for page in ("/book", "/book/wishes", "/records", "/book/out"):
        assert (await hanako.get(page)).status_code == 200
    fetched = await hanako.get(f"/book/wishes/documents/{kept.entry_id}")
    assert fetched.content == body
    assert fetched.headers["content-type"] == media
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert fetched.headers["content-disposition"].startswith("attachment;")
    assert fetched.headers["content-security-policy"].startswith("default-src 'none'")


async def test_what_a_page_carries_between_looking_and_keeping_is_no_way_in(
    hanako: Visitor,
) -> None:
    bomb = base64.b64encode(bz2.compress(b"\0" * 100_000_000)).decode()
    for path in (f"{TABLE}/keep", f"{CHECKUP}/keep"):
        for content in (bomb, "x" * 3_000_000, "あ", "%%%", ""):
            answer = await hanako.post(path, content=content)
            assert answer.status_code == 422
            assert 'type="file"' in answer.text
    assert (await hanako.ask("/me/records")).json()["total"] == 0
