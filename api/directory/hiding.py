"""Names of facilities taken out of a text, however they came into it."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple

import msgspec

from api.fhir.placeless import Instead, without_places


class Named(NamedTuple):
    """A name, and the language it is in."""

    locale: str
    name: str


SHORTEST = 2
SHORTEST_OTHER = 4  # of names no directory vouches for


def without(text: str, names: Iterable[Named], instead: Mapping[str, str]) -> str:
    """Each name, also as JSON and HTML write it, becomes `instead` in its language.

    The longest first: no name leaves a part of a longer one behind.
    """
    for each in sorted(set(names), key=lambda each: (-len(each.name), each)):
        if len(each.name) < SHORTEST:
            continue
        for written in _written(each.name):
            text = text.replace(written, instead[each.locale])
    return text


def placeless(text: str, instead: Instead) -> tuple[str, frozenset[str]]:
    """JSON with every FHIR resource in it placeless, every digit as it was; other text as it is."""
    try:
        tree = json.loads(text, parse_float=msgspec.Raw, parse_int=_integer)
    except ValueError:
        return text, frozenset()
    found, names = without_places(tree, instead)
    return msgspec.json.encode(found).decode(), frozenset(filter(_is_telling, names))


def _is_telling(name: str) -> bool:
    """Whether it can be looked for in words: no code, and no key of JSON, is written like it."""
    return len(name) >= SHORTEST_OTHER and (not name.isascii() or " " in name)


def _integer(digits: str) -> int | msgspec.Raw:
    return int(digits) if len(digits) <= 18 and digits != "-0" else msgspec.Raw(digits)


def _written(name: str) -> set[str]:
    in_json = json.dumps(name, ensure_ascii=False)[1:-1]
    in_html = escape(name)
    both = json.dumps(in_html, ensure_ascii=False)[1:-1]
    return {name, in_json, in_html, both, json.dumps(name)[1:-1], name.replace('"', '""')}
