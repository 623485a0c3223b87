"""The booklet to print: a cover, a table of contents, and a chapter for each part of a life.

Imported where one is made: its library is large. Pages are set as lines come; the table of contents
stands in front and is filled in at the end.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from api.core import i18n
from api.records.taking_out.lines import Line

FONT: Final = "HeiseiKakuGo-W5"  # one that every PDF reader has for Japanese (ISO 32000-1 9.7.5.2)
MARGIN: Final = 15 * mm
UNPRINTABLE: Final = "〓"
WIDTH, HEIGHT = A5
ROOM: Final = WIDTH - 2 * MARGIN
INDENT: Final = 4 * mm
TITLE, TEXT, SMALL = 18, 10.5, 8.5
LEADING: Final = 1.55
CONTENTS: Final = "contents"
_NEVER_FIRST: Final = "、。」』）,.)"
_UNPRINTABLE: Final = re.compile("[^ -\uffff]")
INK, SOFT, RULE = "0.1 g", "0.38 g", 0.75


class Person(NamedTuple):
    name: str
    kana: str
    birth_on: date


class Booklet:
    """`begin` once for each chapter, in order; `add` its lines; `finish` writes the file's end."""

    def __init__(self, out: object, locale: str, person: Person, made_on: date) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
        self._locale = locale
        self._canvas = Canvas(
            out,
            pagesize=A5,
            invariant=1,
            pageCompression=1,
            lang="ja-JP" if locale == "ja" else "en",
        )
        self._canvas.setFont(FONT, TEXT)
        self._font: str = self._canvas._doc.getInternalFontName(FONT)
        self._set: list[str] = []  # what is set on this page so far
        self._canvas.setTitle(self._say("taking_out.booklet.title"))
        self._chapters: list[tuple[str, int]] = []
        self._chapter = ""
        self._category = ""
        self._page = 1
        self._y = 0.0
        self._cover(person, made_on)
        self._canvas.doForm(CONTENTS)
        self._foot()
        self._is_open = False

    def begin(self, chapter: str) -> None:
        """On a page of its own; the reader's own bookmarks name it too."""
        if self._is_open:
            self._foot()
        self._is_open = True
        title = self._say(f"taking_out.chapter.{chapter}")
        self._chapter, self._category = title, ""
        self._chapters.append((title, self._page))
        self._canvas.bookmarkPage(chapter)
        self._canvas.addOutlineEntry(title, chapter, level=0)
        self._y = HEIGHT - MARGIN - TITLE
        self._text(MARGIN, title, TITLE)
        self._y -= 4 * mm
        self._canvas.setStrokeGray(RULE)
        self._canvas.line(MARGIN, self._y, WIDTH - MARGIN, self._y)
        self._y -= 9 * mm

    def nothing(self) -> None:
        """Of a chapter without records."""
        self._text(MARGIN, self._say("taking_out.booklet.nothing"), TEXT, SOFT)

    def heading(self, label: str) -> None:
        self._category = label
        self._need(3)
        self._y -= 2 * mm
        self._text(MARGIN, label, TEXT + 2)
        self._y -= (TEXT + 2) * LEADING

    def add(self, lines: list[Line]) -> None:
        for line in lines:
            self._add(line)

    def finish(self) -> None:
        if self._is_open:
            self._foot()
        self._contents()
        self._canvas.save()

    def _add(self, line: Line) -> None:
        day = day_said(self._locale, line.on)
        body = pieces(line, self._locale)
        self._need(min(3, 1 + len(body)))
        self._text(MARGIN, f"{day} {line.time}".strip(), SMALL, SOFT)
        self._right(line.source, SMALL)
        self._y -= SMALL * LEADING + 0.6 * mm
        whole = "　".join([line.title, *body])
        if "\n" not in whole and width_of(whole, TEXT) <= ROOM:
            self._row(MARGIN, whole, TEXT)
        else:
            for text in wrapped(line.title, TEXT, ROOM):
                self._row(MARGIN, text, TEXT)
            for part in packed(body, TEXT, ROOM - INDENT):
                for text in wrapped(part, TEXT, ROOM - INDENT):
                    self._row(MARGIN + INDENT, text, TEXT)
        self._y -= 2.2 * mm

    def _row(self, x: float, text: str, size: float) -> None:
        self._need(1)
        self._text(x, text, size)
        self._y -= size * LEADING

    def _need(self, rows: int) -> None:
        """Room for so many rows, or a new page of the same chapter."""
        if self._y - rows * TEXT * LEADING > MARGIN:
            return
        self._foot()
        self._y = HEIGHT - MARGIN - SMALL
        above = f"{self._chapter}  {self._category}".strip()
        self._text(MARGIN, above, SMALL, SOFT)
        self._y -= 8 * mm

    def _foot(self) -> None:
        number = str(self._page)
        self._put((WIDTH - width_of(number, SMALL)) / 2, MARGIN / 2, number, SMALL, SOFT)
        self._place()
        self._canvas.showPage()
        self._page += 1

    def _cover(self, person: Person, made_on: date) -> None:
        self._y = HEIGHT * 0.68
        for text in wrapped(self._say("taking_out.booklet.title"), 26, ROOM):
            self._text(MARGIN, text, 26)
            self._y -= 26 * LEADING
        self._y -= 10 * mm
        self._text(MARGIN, person.kana, TEXT, SOFT)
        self._y -= TITLE * LEADING
        self._text(MARGIN, self._say("taking_out.booklet.of", name=person.name), TITLE)
        self._y -= TITLE * LEADING
        born = self._say("taking_out.booklet.born", day=i18n.day(self._locale, person.birth_on))
        self._text(MARGIN, born, TEXT)
        self._y = MARGIN + 30 * mm
        made = self._say("taking_out.booklet.made", day=i18n.day(self._locale, made_on))
        for text in [made, *wrapped(self._say("taking_out.booklet.note"), SMALL, ROOM)]:
            self._text(MARGIN, text, SMALL, SOFT)
            self._y -= SMALL * LEADING
        self._foot()

    def _contents(self) -> None:
        self._canvas.beginForm(CONTENTS)
        self._y = HEIGHT - MARGIN - TITLE
        self._text(MARGIN, self._say("taking_out.booklet.contents"), TITLE)
        self._y -= 16 * mm
        for title, page in self._chapters:
            self._text(MARGIN, title, TEXT + 1)
            self._right(str(page), TEXT + 1)
            self._y -= 9 * mm
        self._place()
        self._canvas.endForm()

    def _text(self, x: float, text: str, size: float, ink: str = INK) -> None:
        self._put(x, self._y, printable(text), size, ink)

    def _right(self, text: str, size: float) -> None:
        for line in wrapped(text, size, ROOM * 0.55)[:1]:
            self._put(WIDTH - MARGIN - width_of(line, size), self._y, line, size, SOFT)

    def _put(self, x: float, y: float, text: str, size: float, ink: str) -> None:
        """As the library writes it (ISO 32000-1 9.4), at a tenth of its time: a life has many
        lines."""
        signs = text.encode("utf-16-be").hex()
        self._set.append(f"BT {ink} {self._font} {size} Tf {x:.2f} {y:.2f} Td <{signs}> Tj ET")

    def _place(self) -> None:
        self._canvas.addLiteral("\n".join(self._set))
        self._set.clear()

    def _say(self, key: str, **params: object) -> str:
        return i18n.text(self._locale, key, **params)


def pieces(line: Line, locale: str) -> list[str]:
    """What a record says, each with its name; of a single result the title is name enough."""
    said = line.said(locale)
    if len(said) == 1 and line.facts[0].kind == "result" and not line.facts[0].label:
        return [said[0][1]]
    return [f"{name} {value}" for name, value in said]


def packed(body: list[str], size: float, width: float) -> list[str]:
    """Short ones side by side, each line of a long one by itself."""
    rows: list[str] = []
    is_open = False
    for each in body:
        lines = each.split("\n")
        beside = f"{rows[-1]}　{each}" if rows else ""
        if is_open and len(lines) == 1 and width_of(beside, size) <= width:
            rows[-1] = beside
        else:
            rows += lines
        is_open = len(lines) == 1
    return rows


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Japanese is broken anywhere, only never before what ends a phrase."""
    text = printable(text)
    if not text or width_of(text, size) <= width:
        return [text] if text else []
    lines, room = [""], width
    for sign in text:
        taken = _width(sign) * size
        if taken > room and sign not in _NEVER_FIRST:
            lines.append("")
            room = width
        lines[-1] += sign
        room -= taken
    return lines


def width_of(text: str, size: float) -> float:
    return sum(map(_width, text)) * size


def printable(text: str) -> str:
    """The font's encoding ends with the basic plane."""
    return _UNPRINTABLE.sub(UNPRINTABLE, text.replace("\t", " "))


@lru_cache(maxsize=20_000)
def _width(sign: str) -> float:
    return float(pdfmetrics.stringWidth(sign, FONT, 1))


@lru_cache(maxsize=10_000)
def day_said(locale: str, on: date) -> str:
    return i18n.day(locale, on)
