"""Wishes for the time one cannot say them: what is asked, and how it stands in FHIR.

Each is a DocumentReference with LOINC's code for what it is (`mapping.ADVANCE_DIRECTIVES` knows
them). Its narrative says all of it in plain Japanese, for every reader there is, and so does the
text attached; what was typed stands in extensions.
"""

import base64
from html import escape
from typing import Final

from api.fhir.codes import LOINC
from api.phr.directives import people
from api.phr.directives.paper import MEDIA, MOST_BASE64
from api.phr.entries.fields import OURS, Choice, Coded, Day, Field, File, Json, Values, Words
from api.phr.entries.kinds import Base, Checked, Kind, Shape, when_of
from api.phr.kept import heard, joined, kept

CATEGORY: Final = "directive"
PLAIN: Final = "text/plain;charset=utf-8"

# What somebody may wish of one thing. "ask" leaves it to those who stand by them.
_CARE: Final = (
    ("want", "してほしい"),
    ("try", "効果があるか、しばらく試してほしい"),
    ("not", "してほしくない"),
    ("ask", "家族などと相談して決めてほしい"),
    ("unsure", "まだ決めていない"),
)
QUESTIONS: Final[dict[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    "life": ("回復の見込みがないときの、命をのばすための治療", _CARE),
    "resuscitation": ("心臓や呼吸が止まったときの、心臓マッサージなど", _CARE),
    "ventilation": ("人工呼吸器", _CARE),
    "tube": ("管や胃ろうからの栄養", _CARE),
    "place": (
        "最期をすごしたい場所",
        (
            ("home", "自宅"),
            ("hospital", "病院"),
            ("facility", "介護施設など"),
            ("ask", "家族などと相談して決めてほしい"),
            ("unsure", "まだ決めていない"),
        ),
    ),
    # The three choices of the law's own form (臓器の移植に関する法律: 臓器提供意思表示カード).
    "organs": (
        "臓器提供",
        (
            ("both", "脳死後でも、心臓が停止した後でも、提供する"),
            ("heart", "心臓が停止した後にかぎり、提供する"),
            ("no", "提供しない"),
            ("unsure", "まだ決めていない"),
        ),
    ),
}
WORDS: Final = {"organs_not": "提供したくない臓器", "own_words": "自分の言葉"}


def _own(code: str, display: str = "") -> Coded:
    return Coded(OURS, code, display)


def _fields() -> tuple[Field, ...]:
    asked: tuple[Field, ...] = tuple(
        Choice(
            name=name,
            code=_own(f"wish-{name}", title),
            options=tuple(_own(code, said) for code, said in options),
        )
        for name, (title, options) in QUESTIONS.items()
    )
    return (
        *asked,
        Words(name="organs_not", code=_own("wish-organs-not"), longest=200),
        Words(name="own_words", code=_own("wish-own-words"), longest=2000, has_lines=True),
    )


def said(values: Values) -> list[tuple[str, str]]:
    """Each answer under what was asked, in Japanese."""
    found = []
    for name, (title, options) in QUESTIONS.items():
        if values.get(name):
            found.append((title, dict(options)[values[name]]))
    return found + [(title, values[name]) for name, title in WORDS.items() if values.get(name)]


def _statement(values: Values, base: Base) -> Json:
    return _reference(STATEMENT, base, said(values), kept(values, (*QUESTIONS, *WORDS)))


def _people(values: Values, base: Base) -> Json:
    lines = [
        (f"{place}番目", joined(*each, by="　"))
        for place, each in enumerate(people.people_of(values), 1)
    ]
    return _reference(PEOPLE, base, lines, kept(values, people.FIELDS))


def _document(values: Values, base: Base) -> Json:
    attachment = {
        "contentType": MEDIA[values["media"]],
        "title": values["title"],
        "creation": values["dated"],
        "data": values["content"],
    }
    found = _reference(DOCUMENT, base, [("書類の名前", values["title"])], [])
    return found | {"content": [{"attachment": attachment}]}


def _reference(kind: Kind, base: Base, lines: list[tuple[str, str]], extension: list[Json]) -> Json:
    text = "\n".join(f"{title}: {answer}" for title, answer in lines)
    attachment = {
        "contentType": PLAIN,
        "title": kind.title,
        "data": base64.b64encode(text.encode()).decode(),
    }
    found: Json = {
        "resourceType": "DocumentReference",
        "identifier": [base.identifier],
        "text": {"status": "generated", "div": _div(lines)},
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [kind.code.coding()]},
        "category": base.category,
        "subject": base.subject,
        "date": f"{base.at}T00:00:00+09:00",  # an instant, though a day is meant
        "author": [base.performer],
        "description": kind.title,
        "content": [{"attachment": attachment}],
    }
    return found | ({"extension": extension} if extension else {})


def _div(lines: list[tuple[str, str]]) -> str:
    said = "".join(
        f"<p><b>{escape(title)}</b><br/>{escape(answer).replace(chr(10), '<br/>')}</p>"
        for title, answer in lines
    )
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>'


def _on(resource: Json) -> dict[str, str]:
    return {"on": when_of(resource["date"])["on"]}


def _values(resource: Json) -> dict[str, str]:
    return {**_on(resource), **heard(resource)}


def _document_values(resource: Json) -> dict[str, str]:
    attachment = resource["content"][0]["attachment"]
    media = {said: code for code, said in MEDIA.items()}
    return {
        **_on(resource),
        "title": attachment["title"],
        "dated": attachment["creation"],
        "media": media[attachment["contentType"]],
        "content": attachment["data"],
    }


STATEMENT: Final = Kind(
    name="wish-statement",
    category=CATEGORY,
    code=Coded(LOINC, "75320-2", "もしものときの希望"),
    title="もしものときの希望（本人の記録）",
    fields=_fields(),
    check=lambda values: _check(values),
    shape=Shape("DocumentReference", _statement, _values),
)
PEOPLE: Final = Kind(
    name="wish-people",
    category=CATEGORY,
    code=Coded(LOINC, "81334-5", "もしものときに連絡してほしい人"),
    title="もしものときに連絡してほしい人（本人の記録）",
    fields=tuple(
        Words(name=name, code=_own(f"wish-{name.replace('_', '-')}"), longest=100)
        for name in people.FIELDS
    ),
    check=people.check,
    shape=Shape("DocumentReference", _people, _values),
)
DOCUMENT: Final = Kind(
    name="wish-document",
    category=CATEGORY,
    code=Coded(LOINC, "86533-7", "もしものときの希望の書類"),
    title="もしものときの希望の書類（本人の登録）",
    fields=(
        Words(name="title", code=_own("wish-title"), longest=100, is_required=True),
        Choice(
            name="media",
            code=_own("wish-media"),
            options=tuple(_own(each) for each in MEDIA),
            is_required=True,
        ),
        Day(name="dated", code=_own("wish-dated"), is_required=True),
        File(name="content", code=_own("wish-content"), longest=MOST_BASE64, is_required=True),
    ),
    shape=Shape("DocumentReference", _document, _document_values),
)
KINDS: Final = (STATEMENT, PEOPLE, DOCUMENT)


def _check(values: Values) -> Checked:
    """Parts to be left out belong to a yes."""
    if values["organs_not"] and values["organs"] not in ("both", "heart"):
        return Checked({"organs_not": "error.wish.organs_not"}, {})
    return Checked({}, {})
