"""Files that are no checkup or mean harm: each a clear word on the page, and nothing kept."""

import io
import zipfile
from datetime import date

import pytest

from tests.portal.scene import Visitor
from tests.portal.test_checkup_file import HERE, hand_in
from tests.records import checkup_files
from tests.records.checkup_files import Examined, checkup

HERS = Examined("ヤマモト　ハナコ", date(1940, 4, 9))
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>'


def bomb(size: int) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("top/DATA/h1.xml", b" " * size)
    return written.getvalue()


def deep(times: int) -> bytes:
    return checkup(HERS, extra="<a>" * times + "</a>" * times)


BAD = [
    pytest.param(checkup(HERS, head=HEAD + LAUGHS), "安全のため読み取りません", id="laughs"),
    pytest.param(checkup(HERS, head=HEAD + OUTSIDE), "安全のため読み取りません", id="outside"),
    pytest.param(checkup(HERS, head=HEAD + QUADRATIC), "安全のため読み取りません", id="quadratic"),
    pytest.param(deep(5_000), "入れ子が深すぎます", id="deep"),
    pytest.param(bomb(50 * 1024 * 1024), "データが大きすぎます", id="zip of 50 MB of nothing"),
    pytest.param(bomb(2 * 1024 * 1024), "大きすぎる", id="zip that shrank a thousandfold"),
    pytest.param(
        checkup(HERS).decode().replace("UTF-8", "Shift_JIS").encode("cp932"),
        "文字コードがUTF-8ではない",
        id="Shift_JIS and says so",
    ),
    pytest.param(
        checkup(HERS).decode().encode("cp932"), "文字コードがUTF-8ではない", id="Shift_JIS, silent"
    ),
    pytest.param(checkup(HERS).decode().encode("utf-16"), "文字コードがUTF-8ではない", id="UTF-16"),
    pytest.param(
        checkup_files.archive({"h1.xml": checkup(HERS)})[:-60], "壊れているか", id="half a ZIP"
    ),
]


@pytest.mark.parametrize(("body", "said"), BAD)
async def test_it_is_refused_in_words_on_the_page(hanako: Visitor, body: bytes, said: str) -> None:
    answer = await hand_in(hanako, body)
    assert answer.status_code == 422
    assert said in answer.text
    assert "何も保存していません" in answer.text
    assert 'name="file"' in answer.text, "she can choose another at once"
    assert "root:" not in answer.text
    assert (await hanako.ask("/me/records")).json()["total"] == 0


@pytest.mark.parametrize("size", [5, 50])
async def test_a_file_too_large_is_said_to_be_so_on_that_page(hanako: Visitor, size: int) -> None:
    answer = await hand_in(hanako, b" " * (size * 1024 * 1024))
    assert answer.status_code == 303
    page = await hanako.get(answer.headers["location"])
    assert "データが大きすぎます（3 MBまで）" in page.text
    assert "何も保存していません" in page.text
    assert 'name="file"' in page.text
    english = await hanako.get(answer.headers["location"], locale="en")
    assert "too large (up to 3 MB)" in english.text
    assert (await hanako.get(f"{HERE}?fault=other")).status_code == 200


@pytest.mark.parametrize(
    "body", [b" " * (5 * 1024 * 1024), checkup(HERS, head=HEAD + LAUGHS)], ids=["large", "laughs"]
)
async def test_an_app_is_refused_as_clearly(hanako: Visitor, body: bytes) -> None:
    headers = {"authorization": f"Bearer {hanako.token}", "content-type": "application/xml"}
    for path in ("/me/checkup-files/preview", "/me/checkup-files"):
        answer = await hanako.browser.post(path, content=body, headers=headers)
        assert answer.status_code in (413, 422)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"]
