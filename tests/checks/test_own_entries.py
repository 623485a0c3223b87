"""The reference of the books says what the books take."""

import json
import re
from pathlib import Path

from tests.checks.own_entries import PAGE, page

HTTP_API = Path(__file__).parents[2] / "docs" / "reference" / "http-api.md"


def test_the_reference_of_the_books_is_what_the_books_take() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tests.checks.own_entries"


def test_every_body_in_the_reference_of_http_can_be_read() -> None:
    text = HTTP_API.read_text("utf-8")
    blocks = re.findall(r"^```(?:json|http)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    bodies = [part for block in blocks for part in re.split(r"^[A-Z]+ /.*$", block, flags=re.M)]
    read = [json.loads(each) for each in bodies if each.strip()]
    assert len(read) > 8
