"""The examples that apps of participants begin with do what their pages say."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from api.core import clock
from tests.portal.conftest import browsers, hanako, open_browser  # noqa: F401
from tests.portal.scene import Visitor

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(
    r"^```http\n(POST \S+)\n(?:[A-Z][\w-]*: [^\n]*\n)*\n?(\{.*?)^```", re.DOTALL | re.MULTILINE
)
ANSWER = re.compile(r"^```json\n(\{.*?)^```", re.DOTALL | re.MULTILINE)


def example(page: str, door: str) -> tuple[dict[str, Any], str]:
    """The body sent to a door, and the page from there on."""
    text = (DOCS / page).read_text("utf-8")
    for found in EXAMPLE.finditer(text):
        if found[1] == f"POST {door}":
            body: dict[str, Any] = json.loads(found[2])
            return body, text[found.end() :]
    raise AssertionError(f"no example of {door}")


async def test_the_batch_of_measurements_is_answered_as_written(hanako: Visitor) -> None:  # noqa: F811
    body, after = example("how-to/send-measurements.md", "/me/vitals/batches")
    written = ANSWER.search(after)
    assert written is not None
    answered = (await hanako.tell("/me/vitals/batches", body)).json()["samples"]
    said = json.loads(written[1])["samples"]
    kept = ("id", "status", "reason", "field")
    assert [{k: each.get(k) for k in kept} for each in answered] == [
        {k: each.get(k) for k in kept} for each in said
    ]
    refused = said[-1]["text"].rstrip("…")
    assert answered[-1]["text"].startswith(refused)
    again = (await hanako.tell("/me/vitals/batches", body)).json()["samples"]
    assert [each["status"] for each in again] == ["unchanged", "unchanged", "refused"]


REQUEST = re.compile(r"^(POST|PUT) (/me/\S+)\n(\{.*?\}) *$(?=\n\n|\n```)", re.DOTALL | re.MULTILINE)
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# The examples speak as of this day: theirs are moved along, so that none grows old.
AS_OF = date(2026, 9, 1)
BOOKS = {
    "pregnancies", "children", "vitals", "medications", "allergies", "doctors", "school-checkups",
    "checkups", "wishes",
}  # fmt: skip


def moved(text: str) -> str:
    by = clock.today_in_japan() - AS_OF
    return ISO_DAY.sub(lambda found: str(date.fromisoformat(found[0]) + by), text)


async def test_what_the_reference_writes_into_each_book_is_kept(hanako: Visitor) -> None:  # noqa: F811
    text = (DOCS / "reference/http-api.md").read_text("utf-8")
    asked = [
        (method, path, json.loads(moved(body)))
        for block in re.findall(r"^```http\n.*?^```", text, re.DOTALL | re.MULTILINE)
        for method, path, body in REQUEST.findall(block)
        if path.split("/")[2] in BOOKS
    ]
    assert {path.split("/")[2] for _, path, _ in asked} == BOOKS
    begun: dict[str, str] = {}
    for method, path, body in asked:
        book = path.split("/")[2]
        door = path.replace("{id}", begun.get(book, ""))
        token = {"Authorization": f"Bearer {hanako.token}"}
        answer = await hanako.browser.request(method, door, json=body, headers=token)
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"
        if path == f"/me/{book}" and "id" in answer.json():
            begun[book] = answer.json()["id"]
