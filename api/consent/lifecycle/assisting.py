"""Registering a parent by their grown-up child, at the child's phone: card, birth date, code.

The parent takes part from now on. The child's powers begin after the days to think, once an
officer has spoken with the parent: holding somebody's card and letter does not make a proxy.
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries, stored
from api.consent.lifecycle import participating, schemes
from api.consent.service import terms_in_force
from api.core import i18n
from api.core.actor import Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity.enrolling import enrolment, intake
from api.identity.enrolling.enrolment import Birth, Enrolling, IssuedTicket
from api.identity.errors import NotAccepted
from api.identity.keys import stepping_up
from api.proxies import counter as proxy_counter
from api.proxies.errors import ProxyFaults


class Wish(NamedTuple):
    """`has_agreed`: the participant said yes, and whoever registers them says so."""

    family: str
    powers: Collection[str]
    has_agreed: bool
    terms_version: str


class Assisted(NamedTuple):
    """`opens_on`: from then on an officer may put the powers in force."""

    name: str
    opens_on: date


async def begin(actor: Actor, card: str, birth: Birth, code: str, source_ip: str) -> IssuedTicket:
    """As `enrolment.begin`, for somebody else. Raises the same, and `NotFound` for a proxy."""
    _check(actor)
    return await enrolment.begin(
        card, birth, code, source_ip, scheme=directory.profile().card_scheme
    )


async def person(actor: Actor, token: str) -> Enrolling:
    """Whom the ticket stands for. Raises `TicketGone` and `AlreadyEnrolled`."""
    _check(actor)
    return await enrolment.ticket(token)


async def finish(actor: Actor, token: str, wish: Wish) -> Assisted:
    """One transaction. Raises `ProxyFaults`, `NotAccepted` for other terms than those in force,
    `StepUpNeeded`, `Frozen`, `TicketGone` and `AlreadyEnrolled`; nothing is changed then.
    """
    _check(actor)
    own_id = actor.participant_id
    if own_id is None:
        raise NotFound
    if wish.terms_version != terms_in_force():
        raise NotAccepted
    if not wish.has_agreed:
        raise ProxyFaults({"agreed": "error.assisted.agreed"})
    holder = await enrolment.holder_of(token)
    async with unit_of_work(actor) as tx:
        own_born = await intake.birth_in(tx)
    if own_born is None:
        raise NotFound
    for_them = replace(actor, participant_id=holder.participant_id)
    async with unit_of_work(for_them) as tx:
        await stepping_up.demand(tx, for_them)
        await queries.lock(tx)
        await enrolment.assist_in(tx, token, holder, wish.terms_version)
        told = await enrolment.ticket_in(tx, wish.terms_version)
        opens_on = await proxy_counter.assist_in(tx, own_id, own_born, wish.powers, wish.family)
        if (await stored.settings_in(tx)).participation.state != "participating":
            await participating.join_in(tx, for_them, because="family")
            await schemes.begin_in(tx, for_them, None)
        await access_log.append(
            tx,
            EventName.ENROLLED_BY_FAMILY,
            detail={
                "told": {
                    "by": actor.name or "",
                    "family": {
                        each: i18n.text(each, f"assisted.family.{wish.family}")
                        for each in i18n.LOCALES
                    },
                },
                "actor": {"name": actor.name},
            },
        )
        await enrolment.use_up_in(tx, token)
    return Assisted(told.name, opens_on)


def _check(actor: Actor) -> None:
    """In one's own name alone: nobody registers a third person as somebody's proxy."""
    if actor.kind is not ActorKind.PARTICIPANT or actor.is_proxy:
        raise NotFound
