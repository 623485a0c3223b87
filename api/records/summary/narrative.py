"""A summary in words for people, in Japanese and English, as FHIR's narrative holds them.

Everything that came in with a record is escaped; the markup is ours alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Final, NamedTuple
from uuid import UUID

from api.core import i18n
from api.records.own.plain import Fact, facts_of
from api.records.parse import Json
from api.records.summary.sections import MEDICINES, Entry

Facilities = Mapping[UUID, Mapping[str, str]]

# What XML 1.0 cannot hold, however it is escaped.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN: Final = ("result", "reading", "range", "reaction", "conclusion", "lot", "site", "text")
_LONGEST: Final = 500


class Line(NamedTuple):
    """One entry for a reader: `facts` and `marks` are words, `sources` says where it is from."""

    title: str
    when: str
    facts: tuple[str, ...]
    marks: tuple[str, ...]
    sources: str


def line(entry: Entry, locale: str, facilities: Facilities) -> Line:
    """One entry in one language."""
    return Line(
        entry.title,
        when(entry, locale),
        tuple(_facts(entry, locale)),
        tuple(i18n.text(locale, f"summary.mark.{mark}") for mark in entry.marks),
        _sources(entry, locale, facilities),
    )


def when(entry: Entry, locale: str) -> str:
    """Its day, or from when to when."""
    if entry.until is None:
        return i18n.day(locale, entry.on)
    first, last = i18n.day(locale, entry.on), i18n.day(locale, entry.until)
    return i18n.text(locale, "summary.from_until", first=first, last=last)


def usages(entry: Entry) -> list[str]:
    """How a medicine is taken, each way once: facilities may say it differently."""
    said = [
        fact.value
        for body in (entry.body, *entry.others)
        for fact in facts_of(body)
        if fact.kind == "usage" and fact.value
    ]
    return list(dict.fromkeys(said))


def title_of(name: str) -> str:
    """In both languages."""
    return " ".join(i18n.text(locale, f"summary.section.{name}") for locale in i18n.LOCALES)


def nothing_said() -> str:
    """In both languages."""
    return " / ".join(i18n.text(locale, "summary.nothing") for locale in i18n.LOCALES)


def of_section(name: str, entries: Sequence[Entry], facilities: Facilities) -> Json:
    return _narrative(
        f"<h3>{_said(locale, f'summary.section.{name}')}</h3>"
        + (
            _table([line(entry, locale, facilities) for entry in entries], locale)
            if entries
            else f"<p>{_said(locale, 'summary.nothing')}</p>"
        )
        for locale in i18n.LOCALES
    )


def of_entry(entry: Entry, facilities: Facilities) -> Json:
    return _narrative(
        "<p>" + "<br/>".join(_parts(line(entry, locale, facilities))) + "</p>"
        for locale in i18n.LOCALES
    )


def of_person(name: str | None, birth_on: date | None) -> Json:
    return _narrative(
        f"<p>{text(name) if name else _said(locale, 'summary.no_name')}"
        + (f"<br/>{text(i18n.day(locale, birth_on))}" if birth_on else "")
        + "</p>"
        for locale in i18n.LOCALES
    )


def of_document(name: str | None, network: str, network_en: str, at: datetime) -> Json:
    networks = {"ja": network, "en": network_en}
    return _narrative(
        f"<h2>{_said(locale, 'summary.title')}</h2>"
        f"<p>{text(name) if name else _said(locale, 'summary.no_name')}</p>"
        f"<p>{_said(locale, 'summary.made', network=networks[locale], at=at)}</p>"
        f"<p>{_said(locale, 'summary.incomplete')}</p>"
        for locale in i18n.LOCALES
    )


def text(value: str) -> str:
    """Escaped, and without what no XML can hold."""
    return escape(_NO_XML.sub("\ufffd", value))


def _said(locale: str, key: str, **params: object) -> str:
    return text(i18n.text(locale, key, **params))


def _narrative(by_locale: Iterable[str]) -> Json:
    parts = (
        f'<div lang="{locale}" xml:lang="{locale}">{part}</div>'
        for locale, part in zip(i18n.LOCALES, by_locale, strict=True)
    )
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(parts)}</div>'
    return {"status": "generated", "div": div}


def _table(lines: Iterable[Line], locale: str) -> str:
    heads = "".join(
        f"<th>{_said(locale, f'summary.column.{name}')}</th>"
        for name in ("what", "when", "details", "sources")
    )
    rows = "".join(
        f"<tr><td>{text(each.title)}</td><td>{text(each.when)}</td>"
        f"<td>{'<br/>'.join(map(text, (*each.marks, *each.facts)))}</td>"
        f"<td>{text(each.sources)}</td></tr>"
        for each in lines
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _parts(said: Line) -> Iterable[str]:
    return map(text, (said.title, said.when, *said.marks, *said.facts, said.sources))


def _facts(entry: Entry, locale: str) -> Iterable[str]:
    if entry.section == MEDICINES.name:
        yield from usages(entry)
        return
    for fact in facts_of(entry.body):
        if fact.kind in _SHOWN and fact.value:
            yield _fact(fact, locale)


def _fact(fact: Fact, locale: str) -> str:
    value = fact.value
    if fact.kind == "result" and value in ("true", "false"):
        value = i18n.text(locale, f"my_records.fact.{value}")
    if len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}…"
    name = fact.label or i18n.text(locale, f"my_records.fact.{fact.kind}")
    return i18n.text(locale, "summary.fact", name=name, value=value)


def _sources(entry: Entry, locale: str, facilities: Facilities) -> str:
    """Each facility once, with the day of what it wrote last."""
    newest: dict[UUID, date] = {}
    for source in entry.sources:
        known = newest.get(source.facility_id)
        newest[source.facility_id] = max(source.on, known) if known else source.on
    said = [
        i18n.text(locale, "summary.source", name=name, day=i18n.day(locale, on))
        for facility_id, on in newest.items()
        if (name := facilities.get(facility_id, {}).get(locale, ""))
    ]
    return i18n.text(locale, "summary.comma").join(said)
