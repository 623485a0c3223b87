"""Proxies at the counter: what an officer witnesses, a second one confirms, and a lost card."""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from api.core import clock
from api.core.actor import Actor, Power
from api.core.database import Transaction, unit_of_work
from api.directory import service as directory
from api.proxies import queries, rules, safety, steps
from api.proxies.errors import (
    NotThisStepNow,
    ProxyFaults,
)
from api.proxies.rules import Kind, Origin
from notifications import service as notifications

_WITNESSED: Final = ("voluntary", "hospital_liaison", "emergency_nominee")


class Waiting(NamedTuple):
    """For a second officer; `may_confirm`: the days to think are over, and it is another's."""

    participant_id: UUID
    proxy_id: UUID
    kind: Kind
    principal: str
    representative: str
    powers: tuple[str, ...]
    opens_on: date
    ends_on: date
    evidence: str
    by_name: str
    may_confirm: bool


class Witnessed(NamedTuple):
    """What an officer writes down: two cards with birth dates, the kind, the powers, and where the
    paper lies."""

    principal_card: str
    principal_born: date
    representative_card: str
    representative_born: date
    kind: str
    powers: frozenset[str]
    ends_on: date | None
    evidence: str
    works_at: tuple[UUID, ...] = ()


async def witness(actor: Actor, wish: Witnessed, *, today: date | None = None) -> UUID:
    """An officer writes down what they witnessed, or what papers of the law say; answers for whom.

    Days of thinking follow for what somebody without phone and eID agreed to, and another
    officer confirms. `today` is for the demo, whose days have passed. Raises `ProxyFaults`.
    """
    today = today or clock.today_in_japan()
    principal = await steps.person_of(wish.principal_card, wish.principal_born)
    representative = await steps.person_of(wish.representative_card, wish.representative_born)
    origin: Origin = "witnessed" if wish.kind in _WITNESSED else "registered"
    powers = frozenset[str]() if wish.kind == rules.NOMINEE else wish.powers
    faults = steps.faults(powers, wish.ends_on, today, wish.kind)
    if wish.kind not in rules.KINDS:
        faults["kind"] = "error.proxy.kind"
    if not wish.evidence.strip() or len(wish.evidence) > 200 or not steps.is_plain(wish.evidence):
        faults["evidence"] = steps.fault_of(wish.evidence, "error.proxy.evidence")
    if principal is None or representative is None or principal == representative:
        faults["cards"] = "error.proxy.cards"
    elif "kind" not in faults and not rules.may_represent(
        wish.kind,  # type: ignore[arg-type]
        principal.birth_on,
        representative.birth_on,
        today,
        steps.limits(),
    ):
        faults["kind"] = "error.proxy.ages"
    if faults or principal is None or representative is None:
        raise ProxyFaults(faults)
    kind: Kind = wish.kind  # type: ignore[assignment]
    opens = rules.opens_on(origin, today, steps.limits())
    last = rules.last_day(kind, opens, principal.birth_on, wish.ends_on, steps.limits())
    async with unit_of_work(actor, subject=principal.participant_id) as tx:
        await queries.lock(tx)
        proxy_id = await queries.add(
            tx, representative.participant_id, representative.name, kind, origin, opens
        )
        works = {
            *wish.works_at,
            *await directory.workplaces_of_name_in(tx, representative.name),
        }
        await steps.say_in(
            tx,
            actor,
            proxy_id,
            representative.name,
            powers,
            last,
            works_at=works,
            evidence=wish.evidence.strip(),
        )
        await notifications.enqueue(
            tx, "proxy_witnessed", by=representative.name, day=opens.isoformat()
        )
    return principal.participant_id


async def assist_in(
    tx: Transaction, own_id: UUID, own_born: date, powers: Collection[str], family: str
) -> date:
    """Somebody of the family registered the transaction's subject, and will act for them from the
    day answered on, once an officer has spoken with the subject.

    The caller holds a ticket of the subject's. Raises `ProxyFaults`.
    """
    today, principal_born = clock.today_in_japan(), await steps.birth_in(tx)
    faults = steps.faults(powers, None, today)
    if Power.PROXY_ADMIN in powers:
        faults["powers"] = "error.proxy.powers"
    if family not in rules.FAMILY:
        faults["family"] = "error.assisted.family"
    if own_id == tx.subject or not rules.may_register(principal_born, own_born, today):
        faults["card"] = "error.assisted.ages"
    if faults:
        raise ProxyFaults(faults)
    actor, opens = tx.acting, rules.opens_on("assisted", today)
    last = rules.last_day("voluntary", opens, principal_born, None)
    name = actor.name or ""
    await queries.lock(tx)
    proxy_id = await queries.add(tx, own_id, name, "voluntary", "assisted", opens)
    works = await directory.workplaces_of_name_in(tx, name)
    await steps.say_in(
        tx, actor, proxy_id, name, powers, last, works_at=works, evidence=f"family:{family}"
    )
    await notifications.enqueue(tx, "proxy_assisted", by=name, day=opens.isoformat())
    return opens


async def waiting(actor: Actor) -> list[Waiting]:
    """For officers: what waits for a second of them, the earliest first."""
    today = clock.today_in_japan()
    async with unit_of_work(actor) as tx:
        rows = await queries.waiting(tx)
    return [
        Waiting(
            row["participant_id"],
            row["proxy_id"],
            row["kind"],
            row["principal_name"],
            row["representative_name"],
            tuple(row["powers"]),
            row["opens_on"],
            row["ends_on"],
            row["evidence"],
            row["by_name"],
            row["opens_on"] <= today and row["asked_by"] != actor.account_id,
        )
        for row in rows
    ]


async def confirm(actor: Actor, participant_id: UUID, proxy_id: UUID, evidence: str = "") -> None:
    """By another officer than the first, after the days to think. Raises `NotThisStepNow`."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        now = await steps.locked_in(tx, proxy_id)
        first = next(
            (row for row in await queries.waiting(tx) if row["proxy_id"] == proxy_id), None
        )
        if (
            first is None
            or first["opens_on"] > clock.today_in_japan()
            or first["asked_by"] == actor.account_id
        ):
            raise NotThisStepNow
        await steps.act_in(tx, actor, now, "confirmed", evidence=evidence.strip())
        await notifications.enqueue(tx, "proxy_granted", by=now.representative)


async def refuse(actor: Actor, participant_id: UUID, proxy_id: UUID, evidence: str = "") -> None:
    """The principal thought otherwise, and told the support centre."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        now = await steps.locked_in(tx, proxy_id)
        await steps.act_in(tx, actor, now, "ended", evidence=evidence.strip())


async def card_was_lost_in(tx: Transaction, actor: Actor) -> int:
    """Card lost or issued anew: every proxy of the subject waits until confirmed again; answers how
    many."""
    await queries.lock(tx)
    done = 0
    for each in await steps.seen_in(tx):
        if each.principal_id == tx.subject and each.relation.state in ("waiting", "in_force"):
            await steps.act_in(tx, actor, each, "suspended", reason="card")
            done += 1
    return done


async def suspend_for_card(actor: Actor, card: str, born: date) -> int:
    """At the counter, by card and birth date. Raises `ProxyFaults`."""
    person = await steps.person_of(card, born)
    if person is None:
        raise ProxyFaults({"cards": "error.proxy.cards"})
    async with unit_of_work(actor, subject=person.participant_id) as tx:
        return await card_was_lost_in(tx, actor)


async def leave_safe_mode(actor: Actor, card: str, born: date, evidence: str) -> None:
    """At the counter alone. Raises `ProxyFaults`."""
    person = await steps.person_of(card, born)
    is_said = evidence.strip() and steps.is_plain(evidence)
    faults = {} if is_said else {"evidence": steps.fault_of(evidence, "error.proxy.evidence")}
    if person is None:
        raise ProxyFaults({**faults, "cards": "error.proxy.cards"})
    if faults:
        raise ProxyFaults(faults)
    async with unit_of_work(actor, subject=person.participant_id) as tx:
        await safety.switch_in(tx, False, evidence.strip()[:200])
