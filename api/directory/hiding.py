"""Names of facilities taken out of a text, however they came into it."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import NamedTuple


class Named(NamedTuple):
    """A name, and the language it is in."""

    locale: str
    name: str


SHORTEST = 2


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


def _written(name: str) -> set[str]:
    in_json = json.dumps(name, ensure_ascii=False)[1:-1]
    in_html = escape(name)
    both = json.dumps(in_html, ensure_ascii=False)[1:-1]
    return {name, in_json, in_html, both, json.dumps(name)[1:-1], name.replace('"', '""')}
