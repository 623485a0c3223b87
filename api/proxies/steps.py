"""What stands between two people, and each step that changes it, under the principal's lock."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, i18n
from api.core.actor import Actor, ActorKind, Power
from api.core.database import Transaction
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.profile import ProxyLimits
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling import intake
from api.identity.my_number import contains_my_number
from api.identity.typed import normalise_digits
from api.proxies import queries, rules
from api.proxies.errors import (
    NotThisStepNow,
    UnknownProxy,
)
from api.proxies.rules import Act, Relation, Standing

LONGEST_NAME: Final = 100
POWERS: Final = tuple(Power)
# Both of the same log; a representative is told of neither.
_EVENTS: Final[dict[Act, EventName]] = {
    "asked": EventName.PROXY_NAMED,
    "granted": EventName.PROXY_APPOINTED,
    "confirmed": EventName.PROXY_APPOINTED,
    "narrowed": EventName.PROXY_CHANGED,
    "resumed": EventName.PROXY_CHANGED,
    "suspended": EventName.PROXY_SUSPENDED,
    "ended": EventName.PROXY_ENDED,
}


class Proxy(NamedTuple):
    """One relation as either side may know it. `standing` is what holds today."""

    relation: Relation
    principal_id: UUID
    representative_id: UUID | None
    principal: str
    representative: str
    birth_on: date
    is_safe: bool
    works_at: tuple[UUID, ...]
    step: int
    reason: str
    standing: Standing

    @property
    def proxy_id(self) -> UUID:
        return self.relation.proxy_id

    @property
    def is_over(self) -> bool:
        return self.relation.state == "ended" or self.standing.reason in ("expired", "of_age")


async def seen_in(tx: Transaction) -> list[Proxy]:
    today = clock.today_in_japan()
    return [_proxy(row, today) for row in await queries.of_subject(tx)]


def _proxy(row: asyncpg.Record, today: date) -> Proxy:
    relation = Relation(
        proxy_id=row["proxy_id"],
        kind=row["kind"],
        origin=row["origin"],
        state=row["state"],
        powers=frozenset(map(Power, row["powers"])),
        opens_on=row["opens_on"],
        ends_on=row["ends_on"],
    )
    # Who ended what nobody accepted is not to learn whether there was anybody.
    is_open = relation.state in ("waiting", "ended")
    is_known = relation.origin != "participant" or (row["step"] > 1 and not is_open)
    return Proxy(
        relation,
        row["participant_id"],
        row["representative_id"],
        row["principal_name"],
        (row["representative_name"] if is_known else None) or row["typed_name"],
        row["birth_on"],
        row["is_safe"],
        tuple(row["works_at"]),
        row["step"],
        row["reason"],
        rules.powers_now(
            [relation], today, row["birth_on"], is_safe=row["is_safe"], limits=limits()
        ),
    )


def one_of(found: Sequence[Proxy], proxy_id: UUID) -> Proxy:
    for each in found:
        if each.proxy_id == proxy_id and not each.is_over:
            return each
    raise UnknownProxy


async def locked_in(tx: Transaction, proxy_id: UUID) -> Proxy:
    """As it stands once nobody acts on it any more, of the transaction's subject."""
    await queries.lock(tx)
    found = one_of(await seen_in(tx), proxy_id)
    if found.principal_id != tx.subject:
        raise UnknownProxy
    return found


def not_oneself(actor: Actor, now: Proxy) -> None:
    if actor.is_proxy and now.representative_id == actor.own_participant_id:
        raise UnknownProxy


async def birth_in(tx: Transaction) -> date:
    found = await intake.birth_in(tx)
    if found is None:
        raise NotFound
    return found


async def person_of(typed: str, born: date) -> intake.Person | None:
    card = CardNumber.parse(normalise_digits(typed), directory.profile().card_scheme)
    if isinstance(card, CardFault):
        return None
    found = await intake.holder_of(card)
    return found if found and found.birth_on == born else None


async def say_in(
    tx: Transaction,
    actor: Actor,
    proxy_id: UUID,
    name: str,
    powers: Collection[str],
    ends_on: date,
    *,
    works_at: Collection[UUID] = (),
    evidence: str = "",
) -> None:
    """The first step."""
    said = ("asked", rules.following("asked", None), None)
    await queries.add_step(
        tx,
        proxy_id,
        1,
        said,
        powers,
        ends_on,
        by_name=actor.name or "",
        works_at=works_at,
        evidence=evidence,
    )
    await access_log.append(
        tx,
        EventName.PROXY_NAMED,
        detail=_detail(actor, name, powers, ends_on, evidence),
    )


async def act_in(
    tx: Transaction,
    actor: Actor,
    now: Proxy,
    act: Act,
    *,
    powers: Collection[str] | None = None,
    ends_on: date | None = None,
    works_at: Collection[UUID] | None = None,
    reason: str = "",
    evidence: str = "",
) -> None:
    """A further step, under the lock; its event is in the principal's log."""
    try:
        state = rules.following(act, now.relation.state)
    except ValueError as error:
        raise NotThisStepNow from error
    powers = now.relation.powers if powers is None else powers
    ends_on = ends_on or now.relation.ends_on
    await queries.add_step(
        tx,
        now.proxy_id,
        now.step + 1,
        (act, state, now.relation.state),
        powers,
        ends_on,
        by_name=actor.name or "",
        works_at=now.works_at if works_at is None else works_at,
        reason=reason,
        evidence=evidence,
    )
    await access_log.append(
        tx,
        _EVENTS[act],
        detail=_detail(actor, now.representative, powers, ends_on, evidence),
    )


def _detail(
    actor: Actor, name: str, powers: Collection[str], ends_on: date, evidence: str
) -> dict[str, Any]:
    told = {
        "name": name,
        "power": worded(powers),
        "day": {each: i18n.day(each, ends_on) for each in i18n.LOCALES},
    }
    detail: dict[str, Any] = {"told": told}
    if evidence:
        detail["evidence"] = evidence
    if actor.kind is not ActorKind.PARTICIPANT:
        detail["actor"] = {"name": actor.name}
    return detail


def worded(powers: Collection[str]) -> dict[str, str]:
    return {
        locale: i18n.text(locale, "proxies.and").join(
            i18n.text(locale, f"proxies.power.{each}") for each in POWERS if each in powers
        )
        for locale in i18n.LOCALES
    }


def limits() -> ProxyLimits:
    return directory.profile().proxies


def most_months() -> int:
    return limits().most_months


def longest(today: date) -> date:
    """The last day of an adult's proxy that begins now."""
    return rules.last_day("voluntary", today, date(1900, 1, 1), None, limits())


def is_plain(text: str) -> bool:
    """One line to be kept and shown; never with a 個人番号."""
    return text.isprintable() and not contains_my_number(text)


def fault_of(text: str, key: str) -> str:
    return CardFault.MY_NUMBER.value if contains_my_number(text) else key


def faults(
    powers: Collection[str], ends_on: date | None, today: date, kind: str = "voluntary"
) -> dict[str, str]:
    faults = {}
    if bool(powers) is (kind == rules.NOMINEE) or not set(powers) <= set(POWERS):
        faults["powers"] = "error.proxy.powers"
    if ends_on is not None and ends_on < today:
        faults["ends_on"] = "error.proxy.ends_on"
    return faults
