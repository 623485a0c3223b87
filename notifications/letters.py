"""For officers: notices by letter, for whom nothing else reaches, and what was not delivered."""

import io
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import i18n
from api.core.actor import Actor, ActorKind
from api.core.clock import day_in_japan, today_in_japan
from api.core.database import unit_of_work
from api.core.errors import NotFound
from notifications import queries, service
from notifications.service import Notice

AT_ONCE: Final = 100
FONT: Final = "HeiseiKakuGo-W5"  # one that every PDF reader has for Japanese (ISO 32000-1 9.7.5.2)
MARGIN: Final = 25 * mm
UNPRINTABLE: Final = "〓"


class Letter(NamedTuple):
    """All that waits for one person."""

    participant_id: UUID
    name: str
    address: str
    notices: list[Notice]


class Failure(NamedTuple):
    """`reason` is a code; `channel` fcm, web_push, mail or letter."""

    participant_id: UUID
    name: str
    notice_id: UUID
    channel: str
    event: str
    state: str
    reason: str | None
    attempts: int
    created_at: datetime


class HeldUp(NamedTuple):
    """How many wait on this way, for this reason."""

    channel: str
    reason: str
    notices: int


async def waiting(actor: Actor) -> list[Letter]:
    """At most a hundred, who has waited longest first. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor) as tx:
        rows = await queries.letters(tx, AT_ONCE)
    return [
        Letter(
            row["participant_id"],
            row["name"],
            row["address"],
            msgspec.json.decode(row["notices"], type=list[Notice]),
        )
        for row in rows
    ]


async def posted(actor: Actor, participant_id: UUID, notices: list[UUID]) -> None:
    """Those on paper went out; what came meanwhile goes on waiting. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor, subject=participant_id) as tx:
        count = await queries.posted(tx, participant_id, notices)
        if count == 0:
            raise NotFound
        await access_log.append(tx, EventName.LETTER_POSTED, detail={"count": count})


async def undelivered(
    actor: Actor, *, page: int = 1, count: int = 20
) -> tuple[list[Failure], int, list[HeldUp]]:
    """The newest first, how many there are, and what a wrong setting or a service holds up."""
    _officer(actor)
    async with unit_of_work(actor) as tx:
        rows = await queries.undelivered(tx, (page - 1) * count, count)
        held = await queries.held_up(tx)
    failures = [Failure(*(row[name] for name in Failure._fields)) for row in rows]
    total = rows[0]["total"] if rows else 0
    return failures, total, [HeldUp(*row) for row in held]


async def try_again(actor: Actor, participant_id: UUID, notice_id: UUID, channel: str) -> None:
    """From the beginning, as if nothing had been tried. Raises `NotFound`."""
    _officer(actor)
    async with unit_of_work(actor, subject=participant_id) as tx:
        if not await queries.try_again(tx, participant_id, notice_id, channel):
            raise NotFound


def _officer(actor: Actor) -> None:
    if actor.kind is not ActorKind.SUPPORT:
        raise NotFound


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
