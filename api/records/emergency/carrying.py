"""Composing the emergency card: the participant picks what of their records to carry."""

import asyncio
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.emergency.cards import service as cards
from api.emergency.cards.content import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_CONTACTS,
    MOST_LINES,
    MOST_OWN_IMPLANTS,
    Answer,
    Contact,
    Content,
    Line,
    in_order,
    shortened,
)
from api.emergency.cards.wire import Sealed
from api.emergency.errors import CardFaults, UnknownCardLine, WordsHoldMyNumber
from api.identity.my_number import contains_my_number
from api.phr.entries import service as own_entries
from api.records import parse
from api.records import queries as record_queries
from api.records.emergency import queries
from api.records.emergency.carriable import TYPES, Offers, Row, offers_of
from api.records.own.service import most_shown
from api.records.summary.sections import Given
from api.records.whole import service as whole
from api.records.whole.queries import Permitted

_PHONE: Final = re.compile(r"[0-9+() -]{6,20}")
_DUE_WITHIN_DAYS: Final = 300


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody wants to carry: lines by the ids of their records, the rest as they say it."""

    records: tuple[UUID, ...] = ()
    blood: bool = False
    implants: tuple[str, ...] = ()
    pregnancy: Answer = ""
    due_on: date | None = None
    directive: Answer = ""
    contacts: tuple[Contact, ...] = ()
    note: str = ""


class Choice(NamedTuple):
    """All that could be carried, and for whom."""

    name: str
    offers: Offers


class Draft(NamedTuple):
    """The card as it would be, and what of it the QR codes would hold."""

    content: Content
    sealed: Sealed


class _Person(NamedTuple):
    name: str
    name_kana: str
    sex: str
    birth_on: date
    card: str


async def choice(actor: Actor) -> Choice:
    """What the actor could carry. A proxy's look is an event."""
    cards.only_with_view(actor)
    async with unit_of_work(actor) as tx:
        person, rows = await _person_in(tx), await _rows_in(tx, actor)
        offers = await asyncio.to_thread(offers_of, rows, clock.today_in_japan())
        if actor.is_proxy and offers.lines:
            picked = {each.record_id for each in offers.lines}
            shown = [_permitted(row) for row in rows if row.given.record_id in picked]
            await access_log.append(tx, EventName.PROXY_LOOKED, detail=whole.resources_of(shown))
    return Choice(person.name, offers)


async def draft(actor: Actor, wish: Wish) -> Draft:
    """As it would be made; nothing is kept. Raises `CardFaults`, `UnknownCardLine`."""
    cards.only_with_view(actor)
    async with unit_of_work(actor) as tx:
        content = await _content_in(tx, actor, wish)
    return Draft(content, cards.fitted(content))


async def make(actor: Actor, wish: Wish) -> None:
    """The card in force from now on, in place of another. Raises as `draft` does, and
    `StepUpNeeded`, `Frozen`."""
    cards.only_with_view(actor)
    async with unit_of_work(actor) as tx:
        await cards.replace_in(tx, actor, await _content_in(tx, actor, wish))


async def _content_in(tx: Transaction, actor: Actor, wish: Wish) -> Content:
    _check(wish)
    person, rows = await _person_in(tx), await _rows_in(tx, actor)
    offers = await asyncio.to_thread(offers_of, rows, clock.today_in_japan())
    known = {each.record_id: each.line for each in offers.lines}
    if not set(wish.records) <= set(known) or (wish.blood and not offers.blood):
        raise UnknownCardLine
    picked = [each.line for each in offers.lines if each.record_id in wish.records]
    own = [Line("implant", shortened(text), "own") for text in wish.implants if text.strip()]
    lines = in_order((*picked, *own))
    if len(lines) > MOST_LINES:
        raise CardFaults({"records": "error.emergency.card.too_many"})
    return Content(
        name=shortened(person.name, LONGEST_NAME),
        name_kana=shortened(person.name_kana, LONGEST_NAME),
        birth_on=person.birth_on,
        sex=person.sex,
        card=person.card,
        lines=lines,
        blood=offers.blood if wish.blood else "",
        pregnancy=wish.pregnancy,
        due_on=wish.due_on if wish.pregnancy == "yes" else None,
        directive=wish.directive,
        contacts=tuple(
            Contact(each.family, shortened(each.name, LONGEST_NAME), each.phone.strip())
            for each in wish.contacts
        ),
        note=" ".join(wish.note.split()),
    )


def _check(wish: Wish) -> None:
    words = [wish.note, *wish.implants, *(f"{each.name} {each.phone}" for each in wish.contacts)]
    if any(map(contains_my_number, words)):
        raise WordsHoldMyNumber
    faults: dict[str, str] = {}
    if len(wish.note) > LONGEST_NOTE:
        faults["note"] = "error.emergency.card.note"
    if len(wish.implants) > MOST_OWN_IMPLANTS or any(len(t) > LONGEST_LINE for t in wish.implants):
        faults["implant_1"] = "error.emergency.card.implant"
    if len(wish.contacts) > MOST_CONTACTS:
        faults["contact_name_1"] = "error.emergency.card.contact"
    for number, contact in enumerate(wish.contacts, 1):
        if not contact.name.strip() or len(contact.name) > LONGEST_NAME:
            faults[f"contact_name_{number}"] = "error.emergency.card.contact"
        if not _PHONE.fullmatch(contact.phone.strip()):
            faults[f"contact_phone_{number}"] = "error.emergency.card.phone"
    today = clock.today_in_japan()
    if wish.due_on is not None and not -30 <= (wish.due_on - today).days <= _DUE_WITHIN_DAYS:
        faults["due_on"] = "error.emergency.card.due"
    if faults:
        raise CardFaults(faults)


async def _person_in(tx: Transaction) -> _Person:
    row = await record_queries.person(tx)
    if row is None:
        raise NotFound
    return _Person(
        row["name"], row["name_kana"], row["sex"], row["birth_on"], await cards.number_in(tx)
    )


async def _rows_in(tx: Transaction, actor: Actor) -> list[Row]:
    found = await queries.carriable(tx, most_shown(actor), TYPES)
    return [_row(each) for each in await own_entries.opened_rows_in(tx, found)]


def _row(row: Mapping[str, Any]) -> Row:
    text = row["body"]
    given = Given(
        row["record_id"],
        row["resource_type"],
        row["category"],
        row["source_facility_id"],
        row["is_told"],
        row["effective_on"],
        parse.decode(text.encode(), max_bytes=len(text) * 4),
    )
    return Row(given, row["title"], row["sensitivity"])


def _permitted(row: Row) -> Permitted:
    return Permitted(*row.given[:-1], "")
