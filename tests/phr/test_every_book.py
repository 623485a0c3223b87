"""A book is declared in a few places; whoever adds one is told here which of them is missing."""

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from litestar import Litestar

import api.phr
from api.core import i18n
from api.directory import service as directory
from api.phr import shelf
from api.phr.child import handing_over
from api.phr.entries.fields import Choice, Several
from api.phr.entries.kinds import Kind
from api.phr.maternal.kinds import NEWBORN
from api.records.bringing_in import entry_kinds


def declared() -> Iterator[Kind]:
    """What stands in `KINDS` of a room's `kinds.py`."""
    for room in iter_modules(api.phr.__path__, "api.phr."):
        if room.ispkg and any(
            each.name == "kinds" for each in iter_modules(import_module(room.name).__path__)
        ):
            yield from getattr(import_module(f"{room.name}.kinds"), "KINDS", ())


EVERY = tuple(declared())
# Their pages have a form of their own, or say them as another kind.
SAID_BY_THEIR_PAGES = {"checkup", "school-checkup-child", "wish-people", "wish-document"}


def test_no_two_kinds_have_one_name_and_none_parts_an_identifier() -> None:
    assert [name for name, times in Counter(each.name for each in EVERY).items() if times > 1] == []
    assert [each.name for each in EVERY if ":" in each.name] == []


def test_what_goes_out_of_any_book_can_come_in() -> None:
    assert {each.name for each in EVERY} == set(entry_kinds.KINDS)


def test_every_kind_stands_in_a_book_on_the_shelf_or_in_a_childs() -> None:
    shown = {kind.name for book in shelf.BOOKS for kind in book.kinds}
    assert {each.name for each in EVERY if not each.is_of_somebody_else} <= shown


def test_every_kind_of_a_childs_book_has_one_of_their_own_to_become(app: Litestar) -> None:
    moved = {pair.of_child.name for pair in handing_over.pairs()}
    # Of the birth, in the mother's record: a child's book begins with it.
    stays = {NEWBORN.name}
    assert {each.name for each in EVERY if each.is_of_somebody_else} - stays == moved


@pytest.mark.parametrize("kind", EVERY, ids=lambda each: each.name)
def test_every_kind_is_of_a_category_of_the_network(kind: Kind) -> None:
    assert kind.category in {each.code for each in directory.profile().categories}


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize(
    "kind",
    [each for each in EVERY if each.name not in SAID_BY_THEIR_PAGES],
    ids=lambda each: each.name,
)
def test_every_field_and_every_choice_has_words(kind: Kind, locale: str) -> None:
    name, missing = kind.name.removeprefix("own-"), []
    for field in kind.fields:
        asked = [(f"own.{name}.{field.name}", f"own.field.{field.name}")]
        if isinstance(field, Choice | Several):
            asked += [
                (f"own.{name}.{field.name}.{each.code}", f"own.option.{each.code}")
                for each in field.options
            ]
        missing += [each for each in asked if not any(i18n.has_text(locale, key) for key in each)]
    assert missing == []
