"""The ways of letting people in that the network offers, and the one a participant picked."""

from typing import NamedTuple

import msgspec

from api.consent import queries, service, stored
from api.consent.errors import NoSuchScheme
from api.consent.facts import Directive
from api.consent.settings.chosen_scheme import chosen_in, is_of_closing
from api.consent.settings.switches import ChooseScheme, Command, Scheme, SetAskFirst
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.directory import service as directory
from api.directory.profile import NewFacilities


class SchemeOffer(NamedTuple):
    """In one language; `is_default` holds for whoever picks none."""

    code: str
    name: str
    explanation: str
    is_default: bool


def offers(locale: str) -> list[SchemeOffer]:
    """What can be picked, in the profile's order; empty where nobody picks."""
    consent = directory.profile().consent
    return [
        SchemeOffer(
            each.code.value,
            each.name.said(locale),
            each.explanation.said(locale),
            each.code == consent.default_scheme,
        )
        for each in consent.schemes
    ]


def is_offered(code: str) -> bool:
    return code in {each.code for each in directory.profile().consent.schemes}


async def chosen(actor: Actor) -> str:
    """The scheme picked last, as settings stand; the network's own where none ever was."""
    async with unit_of_work(actor) as tx:
        return await chosen_in(tx)


async def begin_in(tx: Transaction, actor: Actor, scheme: str | None) -> None:
    """The settings somebody who just joined begins with: the scheme they picked, if any.

    Whoever chose something before keeps that, unless their account was closed since. Raises
    `NoSuchScheme`.
    """
    consent = directory.profile().consent
    state = await stored.settings_in(tx)
    is_new = await begins_anew_in(tx, state.directive)
    if not is_new or state.participation.state != "participating":
        return
    commands: list[Command] = []
    if scheme is not None and scheme != consent.default_scheme:
        if not is_offered(scheme):
            raise NoSuchScheme
        commands.append(ChooseScheme(code=msgspec.convert(scheme, Scheme)))
    if consent.new_facilities is NewFacilities.ASK_FIRST:
        commands.append(SetAskFirst(on=True))
    if commands:
        await service.change_in(tx, actor, commands, origin="scheme")


async def begins_anew_in(tx: Transaction, now: Directive) -> bool:
    """Whether nothing was chosen yet, or nothing since the account was closed."""
    newest = await queries.version(tx, now.version)
    return newest is None or is_of_closing(newest["change"])
