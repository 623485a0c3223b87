"""My emergency card for apps, and the keys that anybody checks such cards with."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from msgspec import Meta, Struct

from api.core.actor import Actor
from api.core.errors import NotFound
from api.emergency.cards import service as cards
from api.emergency.cards.content import Answer, Contact, Content, Line, LineKind, LineMark
from api.emergency.cards.rules import Medium, State
from api.identity.guards import API, SETTINGS, anyone, participants_only
from api.proxies.rules import Family
from api.records.emergency import carrying
from api.records.emergency.carrying import Wish

KEYS_SECONDS = 300
Text = Annotated[str, Meta(max_length=200)]


class LineView(Struct):
    """`mark`: own (the participant's words), high or unconfirmed (as the record says)."""

    kind: LineKind
    text: str
    mark: LineMark


class OfferView(Struct):
    """A line that can be carried, by the id of its record. `is_usual`: ticked at first."""

    record_id: UUID
    kind: LineKind
    text: str
    mark: LineMark
    on: date
    is_usual: bool


class ChoiceView(Struct):
    """`blood` is empty where no record says it."""

    lines: list[OfferView]
    blood: str


class ContactView(Struct):
    family: Family
    name: Text
    phone: Text


class CardWish(Struct):
    """What to carry. An empty answer says nothing; `due_on` goes with pregnancy yes."""

    records: Annotated[list[UUID], Meta(max_length=200)] = []
    blood: bool = False
    implants: Annotated[list[Text], Meta(max_length=10)] = []
    pregnancy: Answer = ""
    due_on: date | None = None
    directive: Answer = ""
    contacts: Annotated[list[ContactView], Meta(max_length=10)] = []
    note: Text = ""


class ContentView(Struct):
    name: str
    name_kana: str
    birth_on: date
    sex: str
    card: str
    lines: list[LineView]
    blood: str
    pregnancy: Answer
    due_on: date | None
    directive: Answer
    contacts: list[ContactView]
    note: str


class DraftView(Struct):
    """`left_out`: chosen, but too much for two QR codes; it stands in the words beside them."""

    content: ContentView
    codes: int
    left_out: list[LineView]


class CodeView(Struct):
    """The newest print, or the newest on a telephone, and whether it still says who one is."""

    medium: Medium
    made_at: datetime
    state: State
    used_at: datetime | None


class CardView(Struct):
    content: ContentView
    made_at: datetime
    good_until: datetime
    codes: list[CodeView]
    is_whole: bool


class Carried(Struct):
    medium: Medium


class CarriedView(Struct):
    """`parts`: the texts of one or two QR codes (docs/reference/emergency-card.md). They hold a
    code that serves once; asking again makes a new one in its place."""

    parts: list[str]
    content: ContentView
    made_at: datetime
    good_until: datetime
    left_out: list[LineView]


class CardKeys(Struct):
    keys: list[dict[str, str]]


class MyEmergencyCard(Controller):
    """The card I carry for an emergency."""

    path = "/me/emergency-card"
    guards = [participants_only]  # noqa: RUF012 - Litestar's own declaration
    opt = API | SETTINGS
    tags = ["My settings"]  # noqa: RUF012

    @get("")
    async def mine(self, actor: NamedDependency[Actor]) -> CardView:
        """The card in force; 404 where there is none."""
        held = await cards.mine(actor)
        if held is None:
            raise NotFound
        codes = [CodeView(*each) for each in held.codes]
        return CardView(_said(held.content), held.made_at, held.good_until, codes, held.is_whole)

    @get("/choices")
    async def choices(self, actor: NamedDependency[Actor]) -> ChoiceView:
        """What of my records can stand on it."""
        found = (await carrying.choice(actor)).offers
        return ChoiceView(
            [
                OfferView(e.record_id, e.line.kind, e.line.text, e.line.mark, e.on, e.is_usual)
                for e in found.lines
            ],
            found.blood,
        )

    @post("/preview", status_code=200)
    async def preview(self, actor: NamedDependency[Actor], data: JSONBody[CardWish]) -> DraftView:
        """As it would be; nothing is kept."""
        found = await carrying.draft(actor, _wish(data))
        sealed = found.sealed
        return DraftView(_said(found.content), len(sealed.parts), _lines(sealed.left_out))

    @post("", status_code=201)
    async def make(self, actor: NamedDependency[Actor], data: JSONBody[CardWish]) -> CardView:
        """Makes the card; one there was is over. Takes a fresh session."""
        await carrying.make(actor, _wish(data))
        return await self._in_force(actor)

    @post("/copies", status_code=201)
    async def carry(self, actor: NamedDependency[Actor], data: JSONBody[Carried]) -> CarriedView:
        """To print, or to keep on the telephone."""
        made = await cards.issue(actor, data.medium)
        return CarriedView(
            list(made.parts),
            _said(made.content),
            made.made_at,
            made.good_until,
            _lines(made.left_out),
        )

    @delete("", status_code=204)
    async def revoke(self, actor: NamedDependency[Actor]) -> None:
        """No code of it serves any more; what is printed stays readable."""
        await cards.revoke(actor)

    async def _in_force(self, actor: Actor) -> CardView:
        held = await cards.mine(actor)
        if held is None:
            raise NotFound
        return CardView(_said(held.content), held.made_at, held.good_until, [], held.is_whole)


@get("/.well-known/emergency-card/jwks.json", guards=[anyone], opt=API, tags=["Emergency"])
async def keys() -> Response[CardKeys]:
    """The public keys of emergency cards (RFC 7517), those retired within a year too. Pages of any
    origin may ask: a reader of cards need not be ours."""
    return Response(
        CardKeys(cards.published()),
        headers={
            "cache-control": f"public, max-age={KEYS_SECONDS}",
            "access-control-allow-origin": "*",
        },
    )


def _wish(data: CardWish) -> Wish:
    return Wish(
        records=tuple(data.records),
        blood=data.blood,
        implants=tuple(data.implants),
        pregnancy=data.pregnancy,
        due_on=data.due_on,
        directive=data.directive,
        contacts=tuple(Contact(e.family, e.name, e.phone) for e in data.contacts),
        note=data.note,
    )


def _said(content: Content) -> ContentView:
    return ContentView(
        content.name,
        content.name_kana,
        content.birth_on,
        content.sex,
        content.card,
        _lines(content.lines),
        content.blood,
        content.pregnancy,
        content.due_on,
        content.directive,
        [ContactView(each.family, each.name, each.phone) for each in content.contacts],
        content.note,
    )


def _lines(lines: tuple[Line, ...]) -> list[LineView]:
    return [LineView(line.kind, line.text, line.mark) for line in lines]


routes: list[ControllerRouterHandler] = [MyEmergencyCard, keys]
