"""Every form of every book, filled in as nobody meant it: refused in words, and what was typed is
there again; nothing is kept of it."""

import unicodedata
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import NamedTuple

import asyncpg
import pytest

from api.phr.entries.fields import cleaned
from tests.phr.child.scene import begun as child_begun
from tests.phr.conftest import admin, browsers, clinic, hanako, open_browser
from tests.phr.immunization.scene import ago, child, path_of
from tests.phr.maternal.test_pregnancy_pages import begun, today
from tests.portal.checkup_shelf import TYPED
from tests.portal.scene import Visitor

__all__ = ["admin", "browsers", "clinic", "hanako", "open_browser"]

NASTY = [
    "2026-02-31", "0001-01-01", "9999-12-31", "令和8年13月1日", "2026-05-01T00:00:00+09:00",
    "-5", "0", "1e3", "NaN", "1e309", "12000", "9" * 400, "１２，０", "٣٣", "½", "12 34", "kg",
    "🏥" * 20, "\u202e\u2066逆さ", "\x07\x1b[2J", "\x00", "\ufffe", "a\r\nset-cookie: b=c",
    "<script>alert(1)</script>", "'; DROP TABLE record; --", "{{7*7}}", "=1+1", "長" * 10_000,
    "e\u0301" * 3000, "123456789018",
]  # fmt: skip
TEXTUAL = {"text", "tel", "date", "time", "number", "search", "textarea"}


class Door(NamedTuple):
    path: str
    fields: dict[str, str]


class Control(NamedTuple):
    sort: str
    value: str
    options: tuple[str, ...] = ()


class Form(HTMLParser):
    """The controls of the form that goes to `action`, by name."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__(convert_charrefs=True)
        self.action, self.is_inside = action, False
        self.controls: dict[str, Control] = {}
        self._area = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name, value = said.get("name", ""), said.get("value", "")
        if tag == "form":
            self.is_inside = said.get("action") == self.action
        elif not self.is_inside:
            return
        elif tag == "textarea":
            self._area = name
            self.controls[name] = Control("textarea", "")
        elif tag == "select":
            self._select = name
            self.controls[name] = Control("select", "")
        elif tag == "option":
            self._option(self._select, value, "selected" in said)
        elif tag == "input" and said.get("type", "text") in ("radio", "checkbox"):
            self.controls.setdefault(name, Control(said["type"], ""))
            self._option(name, value, "checked" in said)
        elif tag == "input":
            self.controls[name] = Control(said.get("type", "text"), value)

    def _option(self, name: str, value: str, is_chosen: bool) -> None:
        held = self.controls[name]
        options = (*held.options, value)
        self.controls[name] = Control(held.sort, value if is_chosen else held.value, options)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            held = self.controls[self._area]
            self.controls[self._area] = held._replace(value=held.value + data)

    def typed(self) -> list[str]:
        return [name for name, each in self.controls.items() if each.sort in TEXTUAL]


async def _vitals(_: Visitor) -> Door:
    return Door("/book/vitals", {"on": ago(1).isoformat(), "time": "07:05", "weight": "62.5"})


async def _pregnancy(_: Visitor) -> Door:
    return Door("/book/pregnancy/new", {"edd": today(10).isoformat()})


async def _of_pregnancy(who: Visitor, kind: str) -> Door:
    here = await begun(who)
    return Door(f"{here}/new/{kind}", {"on": today().isoformat()})


async def _visit(who: Visitor) -> Door:
    return await _of_pregnancy(who, "visit")


async def _ultrasound(who: Visitor) -> Door:
    return await _of_pregnancy(who, "ultrasound")


async def _blood(who: Visitor) -> Door:
    return await _of_pregnancy(who, "blood")


async def _birth(who: Visitor) -> Door:
    return await _of_pregnancy(who, "birth")


async def _child(_: Visitor) -> Door:
    return Door("/book/children/new", {"on": ago(100).isoformat(), "name": "ゆい", "sex": "female"})


async def _of_child(who: Visitor, what: str, **fields: str) -> Door:
    of = await child_begun(who)
    return Door(f"/book/children/{of.book_id}/{what}/new", {"on": ago(1).isoformat(), **fields})


async def _growth(who: Visitor) -> Door:
    return await _of_child(who, "growth", weight="5.1")


async def _child_checkup(who: Visitor) -> Door:
    return await _of_child(who, "checkup", which="m3")


async def _milestone(who: Visitor) -> Door:
    return await _of_child(who, "milestone", which="walk")


async def _dose(who: Visitor) -> Door:
    yui = await child(who, 120)
    return Door(f"{path_of(yui)}/new", {"on": ago(50).isoformat(), "vaccine": "hbv"})


async def _medicine(_: Visitor) -> Door:
    return Door(
        "/book/medications/new", {"on": ago(1).isoformat(), "name": "青汁の粉", "sort": "otc"}
    )


async def _allergy(_: Visitor) -> Door:
    return Door("/book/allergies/new", {"on": ago(1).isoformat(), "name": "卵", "sort": "food"})


async def _doctor(_: Visitor) -> Door:
    return Door("/book/doctors/new", {"on": ago(1).isoformat(), "place": "こぶし内科"})


async def _school(_: Visitor) -> Door:
    return Door("/book/school-checkups/new", {"on": ago(1).isoformat(), "grade": "e3"})


async def _checkup(_: Visitor) -> Door:
    return Door("/book/checkups/new", TYPED)


async def _statement(_: Visitor) -> Door:
    return Door("/book/wishes/statement", {"own_words": "家で。"})


async def _person(_: Visitor) -> Door:
    return Door(
        "/book/wishes/people/new",
        {"name": "山本 由美", "relation": "娘", "telephone": "090-0000-0000"},
    )


EVERY = pytest.mark.parametrize(
    "door",
    [
        _vitals, _pregnancy, _visit, _ultrasound, _blood, _birth, _child, _growth, _child_checkup,
        _milestone, _dose, _medicine, _allergy, _doctor, _school, _checkup, _statement, _person,
    ],
)  # fmt: skip


async def kept(who: Visitor, admin: asyncpg.Connection) -> list[asyncpg.Record]:
    return await admin.fetch(
        "SELECT record_id, version, title FROM record WHERE participant_id = $1 ORDER BY 1, 2",
        who.actor.participant_id,
    )


def shown(text: str) -> str:
    """As a control holds it after a round: without what nobody sees."""
    return unicodedata.normalize("NFC", cleaned(text).replace("\u202e", "").replace("\u2066", ""))


@EVERY
async def test_what_is_refused_comes_back_as_it_was_typed(
    hanako: Visitor, admin: asyncpg.Connection, door: Callable[[Visitor], Awaitable[Door]]
) -> None:
    path, fields = await door(hanako)
    blank = Form((await hanako.get(path)).text, path)
    assert blank.typed(), "the page has this form"
    hidden = {name: each.value for name, each in blank.controls.items() if each.sort == "hidden"}
    before = await kept(hanako, admin)
    for nasty in NASTY:
        # All of it stays below what any form may be long.
        wrong = dict.fromkeys(blank.typed(), nasty[: 90_000 // len(blank.typed())])
        nasty = wrong[blank.typed()[0]]
        answer = await hanako.post(path, {**hidden, **fields, **wrong})
        if answer.status_code == 303:
            assert len(await kept(hanako, admin)) > len(before)
            before = await kept(hanako, admin)
            hidden |= await fresh(hanako, path)
            continue
        assert answer.status_code in (409, 422), ascii(nasty)[:40]
        assert await kept(hanako, admin) == before
        again = Form(answer.text, path)
        is_number = nasty == "123456789018"
        for name in blank.typed():
            held, sent = again.controls[name].value, shown(nasty)
            is_same = shown(held) == sent or held == unicodedata.normalize("NFKC", sent)
            assert is_same or is_number or _is_read(held, sent), (name, held[:80], sent[:80])
        for name, value in fields.items():
            if name not in wrong and name in blank.controls:
                assert again.controls[name].value == value, name
        assert 'aria-invalid="true"' in answer.text or 'id="odd"' in answer.text
        assert (
            "banner-error" in answer.text or 'class="fault"' in answer.text or "odd" in answer.text
        )


async def fresh(who: Visitor, path: str) -> dict[str, str]:
    """As a page drawn anew: of a list its version."""
    drawn = Form((await who.get(path)).text, path).controls
    return {name: each.value for name, each in drawn.items() if name in ("version", "_once")}


def _is_read(held: str, sent: str) -> bool:
    """A figure or a day that was understood stands as it is kept."""
    return "".join(held.split()) in unicodedata.normalize("NFKC", "".join(sent.split()))


@EVERY
async def test_a_choice_there_is_none_of_is_said(
    hanako: Visitor, admin: asyncpg.Connection, door: Callable[[Visitor], Awaitable[Door]]
) -> None:
    path, fields = await door(hanako)
    blank = Form((await hanako.get(path)).text, path).controls
    hidden = {name: each.value for name, each in blank.items() if each.sort == "hidden"}
    before = await kept(hanako, admin)
    for name in (name for name, each in blank.items() if each.options):
        answer = await hanako.post(path, {**hidden, **fields, name: "magic"})
        assert answer.status_code == 422, name
        assert 'class="fault"' in answer.text
        assert await kept(hanako, admin) == before


@pytest.mark.parametrize("day", ["0001-01-01", "0002-03-04", "9999-12-31"])
async def test_a_pregnancy_of_another_age_is_refused_on_page_and_for_apps(
    hanako: Visitor, day: str
) -> None:
    for name in ("edd", "lmp"):
        answer = await hanako.post("/book/pregnancy/new", {name: day})
        assert answer.status_code == 422
        assert 'class="fault"' in answer.text
        told = await hanako.tell("/me/pregnancies", {"fields": {name: day}})
        assert told.status_code == 422
        assert list(told.json()["fields"]) == [name]
