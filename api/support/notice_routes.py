"""How notices reach me, for apps; and my months in sum."""

from datetime import date, datetime, time
from typing import Annotated, Literal, cast

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from api.core.actor import Actor
from api.identity.guards import API, LOG, NOTICES, participants_only
from notifications.choices import digests
from notifications.choices import service as told
from notifications.choices.digests import Digest
from notifications.choices.service import DEVICES, Preferences, Turn, Wish
from notifications.kinds import Kind
from notifications.planning import Quiet, Way

MonthText = Annotated[str, PathParameter(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")]
Hour = Annotated[int, Meta(ge=0, le=23)]
Language = Literal["ja", "en", "device"]


class QuietView(Struct, forbid_unknown_fields=True):
    """Full hours on a clock in Japan, through midnight where `until` is earlier."""

    is_on: bool
    start: Hour = 21
    until: Hour = 7


class PreferencesView(Struct):
    """`kinds`: whether each goes by each way; the inbox has them all. `language` is `device` for
    each device's own."""

    kinds: dict[Kind, dict[Way, bool]]
    quiet: QuietView
    language: Language
    monthly_digest: bool


class PreferencesWish(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    kinds: dict[Kind, dict[Way, bool]] | UnsetType = UNSET
    quiet: QuietView | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    monthly_digest: bool | UnsetType = UNSET


class DigestView(Struct):
    """A month in sum: how often records were seen, by so many facilities, and what I said of it."""

    month: str
    facilities: int
    times: int
    sent_at: datetime
    answer: Literal["nothing", "wrong"] | None


class DigestAnswer(Struct, forbid_unknown_fields=True):
    answer: Literal["nothing", "wrong"]


class Digests(Struct):
    digests: list[DigestView]


class MyNotices(Controller):
    path = "/me"
    opt = API
    guards = (participants_only,)
    tags = ("My notices",)

    @get("/notice-preferences", opt=NOTICES, summary="How notices reach me")
    async def preferences(self, actor: NamedDependency[Actor]) -> PreferencesView:
        """Chosen or usual, of every kind and way."""
        return _view(await told.mine(actor))

    @patch("/notice-preferences", opt=NOTICES, summary="Change how notices reach me")
    async def change(
        self, actor: NamedDependency[Actor], data: JSONBody[PreferencesWish]
    ) -> PreferencesView:
        """All of it or nothing. 409 for an emergency told by no way, 403 for a proxy who would turn
        off what tells of their own acts."""
        kinds = data.kinds if isinstance(data.kinds, dict) else {}
        turns = [
            Turn(kind, way, is_on) for kind, ways in kinds.items() for way, is_on in ways.items()
        ]
        wish = Wish(turns=tuple(turns))
        if isinstance(data.quiet, QuietView):
            hours = Quiet(time(data.quiet.start), time(data.quiet.until))
            wish = wish._replace(is_quiet=data.quiet.is_on, quiet=hours)
        if not isinstance(data.language, UnsetType):
            wish = wish._replace(language=data.language)
        if not isinstance(data.monthly_digest, UnsetType):
            wish = wish._replace(wants_digest=data.monthly_digest)
        return _view(await told.change(actor, wish))

    @get("/digests", opt=LOG, summary="My months in sum")
    async def digests(self, actor: NamedDependency[Actor]) -> Digests:
        """The newest first, of two years at most. A month without any access has none."""
        return Digests([_digest(each) for each in await digests.mine(actor)])

    @post("/digests/{month:str}/answer", opt=LOG, status_code=200, summary="Anything unexpected?")
    async def answer(
        self, actor: NamedDependency[Actor], month: MonthText, data: JSONBody[DigestAnswer]
    ) -> DigestView:
        """What looks wrong is asked about event by event: `/me/access-log/<number>/question`."""
        return _digest(await digests.answer(actor, first_of(month), data.answer))


def first_of(month: str) -> date:
    """`month`: YYYY-MM."""
    return date.fromisoformat(f"{month}-01")


def _view(found: Preferences) -> PreferencesView:
    manner = found.manner
    language = cast(Language, manner.locale or DEVICES)
    return PreferencesView(
        {kind: dict(ways) for kind, ways in found.wanted.items()},
        QuietView(manner.is_quiet, manner.quiet.start.hour, manner.quiet.end.hour),
        language,
        manner.wants_digest,
    )


def _digest(found: Digest) -> DigestView:
    return DigestView(
        found.month.isoformat()[:7], found.facilities, found.times, found.sent_at, found.answer
    )


routes = [MyNotices]
