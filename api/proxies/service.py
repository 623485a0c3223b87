"""Proxies as people use them: naming one, answering, narrowing, ending; acting for somebody."""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock
from api.core.actor import Actor, Power
from api.core.database import Transaction, unit_of_work
from api.directory import service as directory
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling import intake
from api.identity.enrolling.names import are_alike
from api.identity.keys import stepping_up
from api.identity.typed import normalise_digits
from api.proxies import queries, rules, safety, steps
from api.proxies.errors import (
    ProxyFaults,
    TooManyAsked,
    UnknownProxy,
)
from api.proxies.rules import Kind
from api.proxies.steps import Proxy
from notifications import service as notifications

MOST_ASKED_A_DAY: Final = 10
_AT_THE_COUNTER: Final = ("witnessed", "registered")


class Proxies(NamedTuple):
    """`mine` may act for me; `for_others`: for whom I may act. Ended ones are left out."""

    mine: list[Proxy]
    for_others: list[Proxy]
    is_safe: bool


async def mine(actor: Actor) -> Proxies:
    async with unit_of_work(actor) as tx:
        found = [each for each in await steps.seen_in(tx) if not each.is_over]
        is_on = None if actor.is_proxy else await queries.newest_safe_mode(tx)
    subject = actor.participant_id
    return Proxies(
        [each for each in found if each.principal_id == subject],
        [
            each
            for each in found
            if each.principal_id != subject
            and not (each.relation.origin in _AT_THE_COUNTER and each.relation.state == "waiting")
        ],
        bool(is_on and is_on["is_on"]),
    )


async def principals(actor: Actor) -> list[tuple[UUID, str]]:
    """For whom the actor may act at this moment, by id and name."""
    async with unit_of_work(actor) as tx:
        found = await steps.seen_in(tx)
    return list(
        {
            each.principal_id: each.principal
            for each in found
            if each.principal_id != actor.participant_id and each.standing.powers
        }.items()
    )


async def nominated(actor: Actor) -> list[tuple[UUID, str]]:
    """Whose emergency nominee the actor is at this moment, by id and name; nobody's while they act
    for somebody."""
    if actor.is_proxy:
        return []
    async with unit_of_work(actor) as tx:
        found = await steps.seen_in(tx)
    return list(
        {each.principal_id: each.principal for each in found if _nominates(each, actor)}.items()
    )


async def is_nominee_in(tx: Transaction, actor: Actor) -> bool:
    """Of the transaction's subject, until the commit."""
    await queries.lock(tx)
    return any(
        each.principal_id == tx.subject and _nominates(each, actor)
        for each in await steps.seen_in(tx)
    )


def _nominates(proxy: Proxy, actor: Actor) -> bool:
    return (
        proxy.relation.kind == rules.NOMINEE
        and proxy.standing.reason == "in_force"
        and proxy.representative_id == actor.participant_id
    )


async def acting(actor: Actor, principal_id: UUID) -> Actor | None:
    """The actor as who acts for this principal now; None where nothing lets them."""
    async with unit_of_work(actor) as tx:
        found = [each for each in await steps.seen_in(tx) if each.principal_id == principal_id]
    if not found or principal_id == actor.participant_id:
        return None
    one = found[0]
    today = clock.today_in_japan()
    relations = [each.relation for each in found]
    standing = rules.powers_now(
        relations, today, one.birth_on, is_safe=one.is_safe, limits=steps.limits()
    )
    if not standing.powers:
        return None
    return replace(
        actor,
        participant_id=principal_id,
        own_participant_id=actor.participant_id,
        principal_name=one.principal,
        powers=standing.powers,
        is_shown_restricted=standing.sees_restricted,
        is_safe=False,
    )


async def note_use(actor: Actor, power: Power) -> None:
    """That somebody looked on another's behalf is in that person's log, once a day and power.

    Raises `NotFound` where the power was taken away meanwhile.
    """
    async with unit_of_work(actor) as tx:
        if await queries.note_use(tx, clock.today_in_japan(), power):
            told = {"power": steps.worded([power])}
            await access_log.append(tx, EventName.PROXY_ACTED, detail={"told": told})


async def ask(
    actor: Actor,
    card: str,
    name: str,
    powers: Collection[str],
    ends_on: date | None,
    kind: Kind = "voluntary",
) -> None:
    """Names an adult as proxy by card and name, who then accepts or not; one for an emergency alone
    has no power.

    Nobody learns whether the card and name belong together: what was typed is kept either way.
    Raises `ProxyFaults`, `TooManyAsked`, `NotInSafeMode`, `StepUpNeeded`, `Frozen`.
    """
    parsed = CardNumber.parse(normalise_digits(card), directory.profile().card_scheme)
    name, today = " ".join(name.split()), clock.today_in_japan()
    faults = steps.faults(powers, ends_on, today, kind)
    if kind not in rules.NAMED:
        faults["kind"] = "error.proxy.kind"
    if isinstance(parsed, CardFault):
        faults["card"] = "error.proxy.card"
    if not 0 < len(name) <= steps.LONGEST_NAME or not steps.is_plain(name):
        faults["name"] = steps.fault_of(name, "error.proxy.name")
    if actor.powers is not None and not set(powers) <= actor.powers - {Power.PROXY_ADMIN}:
        faults["powers"] = "error.proxy.powers_of_others"
    if faults or isinstance(parsed, CardFault):
        raise ProxyFaults(faults)
    found = await intake.holder_of(parsed)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await queries.lock(tx)
        await safety.refuse_in_safe_mode_in(tx)
        if await queries.asked_since_yesterday(tx) >= MOST_ASKED_A_DAY:
            raise TooManyAsked
        born = await steps.birth_in(tx)
        named = None
        if (
            found is not None
            and found.participant_id not in (actor.participant_id, actor.own_participant_id)
            and are_alike(found.name, name)
            and rules.may_represent(kind, born, found.birth_on, today, steps.limits())
        ):
            named = found.participant_id
        last = rules.last_day(kind, today, born, ends_on, steps.limits())
        proxy_id = await queries.add(tx, named, name, kind, "participant", today)
        await steps.say_in(tx, actor, proxy_id, name, powers, last)


async def accept(actor: Actor, proxy_id: UUID) -> None:
    """By who was named. Raises `UnknownProxy`, `NotThisStepNow`, `StepUpNeeded`, `Frozen`: it opens
    somebody's records."""
    found = await _of_other(actor, proxy_id)
    async with unit_of_work(actor, subject=found.principal_id) as tx:
        await stepping_up.demand(tx, actor)
        now = await steps.locked_in(tx, proxy_id)
        if now.representative_id != actor.participant_id or now.relation.origin != "participant":
            raise UnknownProxy
        works = await directory.workplaces_of_name_in(tx, actor.name or "")
        await steps.act_in(tx, actor, now, "granted", works_at={*now.works_at, *works})
        await notifications.enqueue(tx, "proxy_granted", by=now.representative)


async def end(actor: Actor, proxy_id: UUID) -> None:
    """By either side; whom the law appointed is not ended by who acts for the principal.

    Raises `UnknownProxy`, `NotThisStepNow`.
    """
    async with unit_of_work(actor) as tx:
        found = steps.one_of(await steps.seen_in(tx), proxy_id)
    is_others = found.principal_id != actor.participant_id
    if actor.is_proxy and (is_others or found.relation.origin == "registered"):
        raise UnknownProxy
    is_own = found.principal_id == actor.participant_id
    async with unit_of_work(actor, subject=found.principal_id) as tx:
        now = await steps.locked_in(tx, proxy_id)
        await steps.act_in(tx, actor, now, "ended", reason="" if is_own else "by_representative")
        if not is_own:
            await notifications.enqueue(tx, "proxy_ended", by=now.representative)


async def ended(actor: Actor, proxy_id: UUID) -> Proxy | None:
    """One the principal named and ended, whom they may ask anew; None for any other."""
    async with unit_of_work(actor) as tx:
        return await _ended(tx, actor, proxy_id)


async def ask_again(actor: Actor, proxy_id: UUID) -> None:
    """A new proxy of whoever was one until the principal ended it, with the same powers and end;
    they accept it or not.

    Raises `UnknownProxy`, `TooManyAsked`, `NotInSafeMode`, `StepUpNeeded`, `Frozen`.
    """
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await queries.lock(tx)
        before = await _ended(tx, actor, proxy_id)
        if before is None or (actor.is_proxy and not _may_give(actor, before)):
            raise UnknownProxy
        await safety.refuse_in_safe_mode_in(tx)
        if await queries.asked_since_yesterday(tx) >= MOST_ASKED_A_DAY:
            raise TooManyAsked
        today, relation = clock.today_in_japan(), before.relation
        kind, ends_on = relation.kind, relation.ends_on
        last = rules.last_day(kind, today, before.birth_on, ends_on, steps.limits())
        name = before.representative
        following = await queries.add(
            tx, before.representative_id, name, kind, "participant", today
        )
        await steps.say_in(tx, actor, following, name, relation.powers, last)


async def _ended(tx: Transaction, actor: Actor, proxy_id: UUID) -> Proxy | None:
    today = clock.today_in_japan()
    for each in await steps.seen_in(tx):
        if (
            each.proxy_id == proxy_id
            and each.principal_id == actor.participant_id
            and each.relation.state == "ended"
            and each.relation.origin == "participant"
            and each.relation.ends_on >= today
            and each.reason == ""
        ):
            return each
    return None


def _may_give(actor: Actor, before: Proxy) -> bool:
    held = (actor.powers or frozenset()) - {Power.PROXY_ADMIN}
    return before.relation.powers <= held and before.representative_id != actor.own_participant_id


async def narrow(
    actor: Actor, proxy_id: UUID, powers: Collection[str], ends_on: date | None
) -> None:
    """By the principal: fewer powers, an earlier end. Raises `UnknownProxy`, `ProxyFaults`,
    `NotThisStepNow`."""
    async with unit_of_work(actor) as tx:
        now = await steps.locked_in(tx, proxy_id)
        steps.not_oneself(actor, now)
        last = min(ends_on or now.relation.ends_on, now.relation.ends_on)
        faults = steps.faults(powers, last, clock.today_in_japan(), now.relation.kind)
        if not set(powers) <= now.relation.powers:
            faults["powers"] = "error.proxy.powers_grow"
        if faults:
            raise ProxyFaults(faults)
        await steps.act_in(tx, actor, now, "narrowed", powers=powers, ends_on=last)


async def resume(actor: Actor, proxy_id: UUID) -> None:
    """By the principal, after a card was lost or changed. Raises `NotInSafeMode`, `StepUpNeeded`,
    `Frozen`."""
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        now = await steps.locked_in(tx, proxy_id)
        steps.not_oneself(actor, now)
        await safety.refuse_in_safe_mode_in(tx)
        await steps.act_in(tx, actor, now, "resumed")


async def _of_other(actor: Actor, proxy_id: UUID) -> Proxy:
    if actor.is_proxy:
        raise UnknownProxy
    async with unit_of_work(actor) as tx:
        found = steps.one_of(await steps.seen_in(tx), proxy_id)
    if found.representative_id != actor.participant_id:
        raise UnknownProxy
    return found
