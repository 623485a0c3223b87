"""The examples that apps of participants begin with do what their pages say."""

import json
import re
from pathlib import Path
from typing import Any

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


async def test_the_allergy_of_the_reference_is_kept(hanako: Visitor) -> None:  # noqa: F811
    body, _ = example("reference/http-api.md", "/me/allergies")
    written = await hanako.tell("/me/allergies", body)
    assert written.status_code == 201, written.text
    assert written.json()["fields"] == body["fields"]
