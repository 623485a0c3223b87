"""Hanako acts for Yumi: no link she is shown leads to a page that is not there for her."""

import re
from datetime import timedelta

import pytest

from api.core import clock
from tests.phr.maternal.test_pregnancy_by_proxy import acts
from tests.portal import conftest as portal
from tests.portal.scene import Visitor

ueda = portal.ueda
FIRST = ("/home", "/book")
IN_BOOKS = ("/book/",)
WAY = re.compile(r'<a[^>]*\shref="(/[^"#]*)')


@pytest.mark.parametrize("powers", [("view",), ("view", "upload")])
async def test_every_way_from_the_books_is_there(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, powers: tuple[str, ...]
) -> None:
    today = clock.today_in_japan()
    child = {"name": "ひなた", "sex": "female", "on": (today - timedelta(days=90)).isoformat()}
    await yumi.post("/book/children/new", child)
    dose = {"vaccine": "influenza", "on": (today - timedelta(days=400)).isoformat()}
    assert (await yumi.post("/book/vaccines/new", dose)).status_code == 303
    await acts(yumi, hanako, ueda, *powers)
    known, ahead, gone = set(FIRST), list(FIRST), set()
    while ahead:
        answer = await hanako.get(here := ahead.pop())
        if answer.status_code == 404:
            gone.add(here)
        is_month = "month=" in here  # each leads to the one before
        if here in FIRST or (here.startswith(IN_BOOKS) and not is_month):
            new = {each.replace("&amp;", "&") for each in WAY.findall(answer.text)} - known
            known |= new
            ahead += new
    assert gone == set()
    assert "/book/out" in known
    assert len([each for each in known if each.startswith("/book/children/")]) > 1


@pytest.mark.parametrize(
    ("powers", "heading"), [(("view",), "測った値"), (("view", "upload"), "測った値を書く")]
)
async def test_the_heading_says_what_can_be_done(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, powers: tuple[str, ...], heading: str
) -> None:
    await acts(yumi, hanako, ueda, *powers)
    assert f"<h1>{heading}</h1>" in (await hanako.get("/book/vitals")).text
