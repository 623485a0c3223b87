"""Letters as a PDF, for a window envelope. Imported where one is printed: its library is large."""

import io
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from api.core import i18n
from api.core.clock import day_in_japan, today_in_japan
from notifications import service
from notifications.officers.letters import Letter

FONT: Final = "HeiseiKakuGo-W5"  # one that every PDF reader has for Japanese (ISO 32000-1 9.7.5.2)
MARGIN: Final = 25 * mm
UNPRINTABLE: Final = "〓"


def printed(letters: list[Letter], network: str, phone: str) -> bytes:
    """A PDF, one letter a page or more; the address stands where a window envelope shows it."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    paper = io.BytesIO()
    canvas = Canvas(paper, pagesize=A4, invariant=1)
    canvas.setTitle(i18n.text("ja", "notice_letter.title"))
    for letter in letters:
        _print(canvas, letter, network, phone)
        canvas.showPage()
    if not letters:
        canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _print(canvas: Canvas, letter: Letter, network: str, phone: str) -> None:
    width, height = A4
    y = height - MARGIN

    def say(text: str, size: int, *, after: float = 0.0) -> None:
        nonlocal y
        for line in _lines(_printable(text), size, width - 2 * MARGIN):
            if y < MARGIN:
                canvas.showPage()
                y = height - MARGIN
            canvas.setFont(FONT, size)
            canvas.drawString(MARGIN, y, line)
            y -= size * 1.6
        y -= after

    say(letter.address, 12)
    say(i18n.text("ja", "notice_letter.to", name=letter.name), 14, after=25 * mm)
    say(i18n.text("ja", "notice_letter.title"), 18, after=4 * mm)
    say(i18n.text("ja", "notice_letter.lead"), 12, after=6 * mm)
    for notice in letter.notices:
        title, body = service.said(notice, "ja")
        day = i18n.day("ja", day_in_japan(notice.created_at))
        say(f"{day}  {title}", 13, after=1 * mm)
        say(body, 12, after=6 * mm)
    say(i18n.text("ja", "notice_letter.call", phone=phone), 12, after=4 * mm)
    say(f"{network}  {i18n.day('ja', today_in_japan())}", 12)


def _lines(text: str, size: int, width: float) -> list[str]:
    """Japanese is broken anywhere, only never before what ends a phrase."""
    lines = [""]
    for sign in text:
        is_full = pdfmetrics.stringWidth(lines[-1] + sign, FONT, size) > width
        if is_full and sign not in "、。」』）":
            lines.append("")
        lines[-1] += sign
    return lines


def _printable(text: str) -> str:
    """The font's encoding ends with the basic plane."""
    return "".join(c if ord(c) < 0x10000 else UNPRINTABLE for c in text)
