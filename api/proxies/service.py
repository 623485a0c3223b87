"""Proxies as people use them: naming one, answering, narrowing, ending; acting for somebody."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import clock, i18n
from api.core.actor import Actor, ActorKind, Power
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.profile import ProxyLimits
from api.identity.card import CardFault, CardNumber
from api.identity.enrolling import intake
from api.identity.enrolling.names import are_alike
from api.identity.keys import stepping_up
from api.identity.my_number import contains_my_number
from api.identity.typed import normalise_digits
from api.proxies import queries, rules
from api.proxies.errors import (
    NoFileInSafeMode,
    NotInSafeMode,
    NotThisStepNow,
    OwnWorkplace,
    ProxyFaults,
    TooManyAsked,
    UnknownProxy,
)
from api.proxies.rules import Act, Kind, Origin, Relation, Standing
from notifications import service as notifications

MOST_ASKED_A_DAY: Final = 10
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


class Proxies(NamedTuple):
    """`mine` may act for me; `for_others`: for whom I may act. Ended ones are left out."""

    mine: list[Proxy]
    for_others: list[Proxy]
    is_safe: bool


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


async def mine(actor: Actor) -> Proxies:
    async with unit_of_work(actor) as tx:
        found = [each for each in await _seen(tx) if not each.is_over]
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
        found = await _seen(tx)
    return list(
        {
            each.principal_id: each.principal
            for each in found
            if each.principal_id != actor.participant_id and each.standing.powers
        }.items()
    )


async def acting(actor: Actor, principal_id: UUID) -> Actor | None:
    """The actor as who acts for this principal now; None where nothing lets them."""
    async with unit_of_work(actor) as tx:
        found = [each for each in await _seen(tx) if each.principal_id == principal_id]
    if not found or principal_id == actor.participant_id:
        return None
    one = found[0]
    today = clock.today_in_japan()
    relations = [each.relation for each in found]
    standing = rules.powers_now(
        relations, today, one.birth_on, is_safe=one.is_safe, limits=_limits()
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
            told = {"power": _worded([power])}
            await access_log.append(tx, EventName.PROXY_ACTED, detail={"told": told})


async def ask(
    actor: Actor, card: str, name: str, powers: Collection[str], ends_on: date | None
) -> None:
    """Names an adult as proxy by card and name, who then accepts or not.

    Nobody learns whether the card and name belong together: what was typed is kept either way.
    Raises `ProxyFaults`, `TooManyAsked`, `NotInSafeMode`, `StepUpNeeded`, `Frozen`.
    """
    parsed = CardNumber.parse(normalise_digits(card), directory.profile().card_scheme)
    name, today = " ".join(name.split()), clock.today_in_japan()
    faults = _faults(powers, ends_on, today)
    if isinstance(parsed, CardFault):
        faults["card"] = "error.proxy.card"
    if not 0 < len(name) <= LONGEST_NAME or not _is_plain(name):
        faults["name"] = _fault_of(name, "error.proxy.name")
    if actor.powers is not None and not set(powers) <= actor.powers - {Power.PROXY_ADMIN}:
        faults["powers"] = "error.proxy.powers_of_others"
    if faults or isinstance(parsed, CardFault):
        raise ProxyFaults(faults)
    found = await intake.holder_of(parsed)
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        await queries.lock(tx)
        await refuse_in_safe_mode_in(tx)
        if await queries.asked_since_yesterday(tx) >= MOST_ASKED_A_DAY:
            raise TooManyAsked
        born = await _birth(tx)
        named = None
        if (
            found is not None
            and found.participant_id not in (actor.participant_id, actor.own_participant_id)
            and are_alike(found.name, name)
            and rules.may_represent("voluntary", born, found.birth_on, today, _limits())
        ):
            named = found.participant_id
        last = rules.last_day("voluntary", today, born, ends_on, _limits())
        proxy_id = await queries.add(tx, named, name, "voluntary", "participant", today)
        await _say(tx, actor, proxy_id, name, powers, last)


async def accept(actor: Actor, proxy_id: UUID) -> None:
    """By who was named. Raises `UnknownProxy`, `NotThisStepNow`, `StepUpNeeded`, `Frozen`: it opens
    somebody's records."""
    found = await _of_other(actor, proxy_id)
    async with unit_of_work(actor, subject=found.principal_id) as tx:
        await stepping_up.demand(tx, actor)
        now = await _locked(tx, proxy_id)
        if now.representative_id != actor.participant_id or now.relation.origin != "participant":
            raise UnknownProxy
        works = await directory.workplaces_of_name_in(tx, actor.name or "")
        await _act(tx, actor, now, "granted", works_at={*now.works_at, *works})
        await notifications.enqueue(tx, "proxy_granted", by=now.representative)


async def end(actor: Actor, proxy_id: UUID) -> None:
    """By either side. Raises `UnknownProxy`, `NotThisStepNow`."""
    async with unit_of_work(actor) as tx:
        found = _one(await _seen(tx), proxy_id)
    if actor.is_proxy and found.principal_id != actor.participant_id:
        raise UnknownProxy
    is_own = found.principal_id == actor.participant_id
    async with unit_of_work(actor, subject=found.principal_id) as tx:
        now = await _locked(tx, proxy_id)
        await _act(tx, actor, now, "ended", reason="" if is_own else "by_representative")
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
        await refuse_in_safe_mode_in(tx)
        if await queries.asked_since_yesterday(tx) >= MOST_ASKED_A_DAY:
            raise TooManyAsked
        today, relation = clock.today_in_japan(), before.relation
        last = rules.last_day("voluntary", today, before.birth_on, relation.ends_on, _limits())
        name = before.representative
        following = await queries.add(
            tx, before.representative_id, name, "voluntary", "participant", today
        )
        await _say(tx, actor, following, name, relation.powers, last)


async def _ended(tx: Transaction, actor: Actor, proxy_id: UUID) -> Proxy | None:
    today = clock.today_in_japan()
    for each in await _seen(tx):
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
        now = await _locked(tx, proxy_id)
        _not_oneself(actor, now)
        last = min(ends_on or now.relation.ends_on, now.relation.ends_on)
        faults = _faults(powers, last, clock.today_in_japan())
        if not set(powers) <= now.relation.powers:
            faults["powers"] = "error.proxy.powers_grow"
        if faults:
            raise ProxyFaults(faults)
        await _act(tx, actor, now, "narrowed", powers=powers, ends_on=last)


async def resume(actor: Actor, proxy_id: UUID) -> None:
    """By the principal, after a card was lost or changed. Raises `NotInSafeMode`, `StepUpNeeded`,
    `Frozen`."""
    async with unit_of_work(actor) as tx:
        await stepping_up.demand(tx, actor)
        now = await _locked(tx, proxy_id)
        _not_oneself(actor, now)
        await refuse_in_safe_mode_in(tx)
        await _act(tx, actor, now, "resumed")


async def go_safe(actor: Actor) -> None:
    """Nobody acts for the participant any more, from the next request on; nobody is told."""
    if actor.is_proxy:
        raise NotFound
    async with unit_of_work(actor) as tx:
        await _switch_safe_mode(tx, True, "")


async def witness(actor: Actor, wish: Witnessed, *, today: date | None = None) -> UUID:
    """An officer writes down what they witnessed, or what papers of the law say; answers for whom.

    Days of thinking follow for what somebody without phone and eID agreed to, and another
    officer confirms. `today` is for the demo, whose days have passed. Raises `ProxyFaults`.
    """
    today = today or clock.today_in_japan()
    principal = await _person(wish.principal_card, wish.principal_born)
    representative = await _person(wish.representative_card, wish.representative_born)
    origin: Origin = "witnessed" if wish.kind in _WITNESSED else "registered"
    faults = _faults(wish.powers, wish.ends_on, today)
    if wish.kind not in rules.KINDS:
        faults["kind"] = "error.proxy.kind"
    if not wish.evidence.strip() or len(wish.evidence) > 200 or not _is_plain(wish.evidence):
        faults["evidence"] = _fault_of(wish.evidence, "error.proxy.evidence")
    if principal is None or representative is None or principal == representative:
        faults["cards"] = "error.proxy.cards"
    elif "kind" not in faults and not rules.may_represent(
        wish.kind,  # type: ignore[arg-type]
        principal.birth_on,
        representative.birth_on,
        today,
        _limits(),
    ):
        faults["kind"] = "error.proxy.ages"
    if faults or principal is None or representative is None:
        raise ProxyFaults(faults)
    kind: Kind = wish.kind  # type: ignore[assignment]
    opens = rules.opens_on(origin, today, _limits())
    last = rules.last_day(kind, opens, principal.birth_on, wish.ends_on, _limits())
    async with unit_of_work(actor, subject=principal.participant_id) as tx:
        await queries.lock(tx)
        proxy_id = await queries.add(
            tx, representative.participant_id, representative.name, kind, origin, opens
        )
        works = {
            *wish.works_at,
            *await directory.workplaces_of_name_in(tx, representative.name),
        }
        await _say(
            tx,
            actor,
            proxy_id,
            representative.name,
            wish.powers,
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
    today, principal_born = clock.today_in_japan(), await _birth(tx)
    faults = _faults(powers, None, today)
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
    await _say(tx, actor, proxy_id, name, powers, last, works_at=works, evidence=f"family:{family}")
    await notifications.enqueue(tx, "proxy_assisted", by=name, day=opens.isoformat())
    return opens


_AT_THE_COUNTER: Final = ("witnessed", "registered")
_WITNESSED: Final = ("voluntary", "hospital_liaison", "emergency_nominee")


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
        now = await _locked(tx, proxy_id)
        first = next(
            (row for row in await queries.waiting(tx) if row["proxy_id"] == proxy_id), None
        )
        if (
            first is None
            or first["opens_on"] > clock.today_in_japan()
            or first["asked_by"] == actor.account_id
        ):
            raise NotThisStepNow
        await _act(tx, actor, now, "confirmed", evidence=evidence.strip())
        await notifications.enqueue(tx, "proxy_granted", by=now.representative)


async def refuse(actor: Actor, participant_id: UUID, proxy_id: UUID, evidence: str = "") -> None:
    """The principal thought otherwise, and told the support centre."""
    async with unit_of_work(actor, subject=participant_id) as tx:
        now = await _locked(tx, proxy_id)
        await _act(tx, actor, now, "ended", evidence=evidence.strip())


async def card_was_lost_in(tx: Transaction, actor: Actor) -> int:
    """Card lost or issued anew: every proxy of the subject waits until confirmed again; answers how
    many."""
    await queries.lock(tx)
    done = 0
    for each in await _seen(tx):
        if each.principal_id == tx.subject and each.relation.state in ("waiting", "in_force"):
            await _act(tx, actor, each, "suspended", reason="card")
            done += 1
    return done


async def suspend_for_card(actor: Actor, card: str, born: date) -> int:
    """At the counter, by card and birth date. Raises `ProxyFaults`."""
    person = await _person(card, born)
    if person is None:
        raise ProxyFaults({"cards": "error.proxy.cards"})
    async with unit_of_work(actor, subject=person.participant_id) as tx:
        return await card_was_lost_in(tx, actor)


async def leave_safe_mode(actor: Actor, card: str, born: date, evidence: str) -> None:
    """At the counter alone. Raises `ProxyFaults`."""
    person = await _person(card, born)
    is_said = evidence.strip() and _is_plain(evidence)
    faults = {} if is_said else {"evidence": _fault_of(evidence, "error.proxy.evidence")}
    if person is None:
        raise ProxyFaults({**faults, "cards": "error.proxy.cards"})
    if faults:
        raise ProxyFaults(faults)
    async with unit_of_work(actor, subject=person.participant_id) as tx:
        await _switch_safe_mode(tx, False, evidence.strip()[:200])


def refuse_file(actor: Actor) -> None:
    """Of a file that names cannot be taken out of: signed, or a picture.

    Raises `NoFileInSafeMode`.
    """
    if actor.is_safe:
        raise NoFileInSafeMode


async def refuse_in_safe_mode_in(tx: Transaction) -> None:
    """Before what is then done at the counter alone. Raises `NotInSafeMode`."""
    newest = None if tx.acting.is_proxy else await queries.newest_safe_mode(tx)
    if newest is not None and newest["is_on"]:
        raise NotInSafeMode


async def refuse_own_workplace_in(
    tx: Transaction, facilities: Collection[UUID], *, is_everyone: bool = False
) -> None:
    """Raises `OwnWorkplace` where who acts for somebody works at one of these facilities, by what
    was declared or by their name in the directory; `is_everyone`: at any facility at all."""
    actor = tx.acting
    if not actor.is_proxy or not (facilities or is_everyone):
        return
    works = await directory.workplaces_of_name_in(tx, actor.name or "")
    for each in await _seen(tx):
        if each.representative_id == actor.own_participant_id:
            works |= set(each.works_at)
    if works and (is_everyone or works & set(facilities)):
        raise OwnWorkplace


def _limits() -> ProxyLimits:
    return directory.profile().proxies


def most_months() -> int:
    return _limits().most_months


def longest(today: date) -> date:
    """The last day of an adult's proxy that begins now."""
    return rules.last_day("voluntary", today, date(1900, 1, 1), None, _limits())


async def _seen(tx: Transaction) -> list[Proxy]:
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
            [relation], today, row["birth_on"], is_safe=row["is_safe"], limits=_limits()
        ),
    )


def _one(found: Sequence[Proxy], proxy_id: UUID) -> Proxy:
    for each in found:
        if each.proxy_id == proxy_id and not each.is_over:
            return each
    raise UnknownProxy


async def _of_other(actor: Actor, proxy_id: UUID) -> Proxy:
    if actor.is_proxy:
        raise UnknownProxy
    async with unit_of_work(actor) as tx:
        found = _one(await _seen(tx), proxy_id)
    if found.representative_id != actor.participant_id:
        raise UnknownProxy
    return found


async def _locked(tx: Transaction, proxy_id: UUID) -> Proxy:
    """As it stands once nobody acts on it any more, of the transaction's subject."""
    await queries.lock(tx)
    found = _one(await _seen(tx), proxy_id)
    if found.principal_id != tx.subject:
        raise UnknownProxy
    return found


def _not_oneself(actor: Actor, now: Proxy) -> None:
    if actor.is_proxy and now.representative_id == actor.own_participant_id:
        raise UnknownProxy


async def _birth(tx: Transaction) -> date:
    found = await intake.birth_in(tx)
    if found is None:
        raise NotFound
    return found


async def _person(typed: str, born: date) -> intake.Person | None:
    card = CardNumber.parse(normalise_digits(typed), directory.profile().card_scheme)
    if isinstance(card, CardFault):
        return None
    found = await intake.holder_of(card)
    return found if found and found.birth_on == born else None


async def _say(
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


async def _act(
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


async def _switch_safe_mode(tx: Transaction, is_on: bool, evidence: str) -> None:
    await queries.lock(tx)
    newest = await queries.newest_safe_mode(tx)
    if (newest["is_on"] if newest else False) == is_on:
        return
    await queries.add_safe_mode(tx, (newest["step"] if newest else 0) + 1, is_on, evidence)
    await access_log.append(tx, EventName.SAFE_MODE_CHANGED, detail={"is_on": is_on})


def _detail(
    actor: Actor, name: str, powers: Collection[str], ends_on: date, evidence: str
) -> dict[str, Any]:
    told = {
        "name": name,
        "power": _worded(powers),
        "day": {each: i18n.day(each, ends_on) for each in i18n.LOCALES},
    }
    detail: dict[str, Any] = {"told": told}
    if evidence:
        detail["evidence"] = evidence
    if actor.kind is not ActorKind.PARTICIPANT:
        detail["actor"] = {"name": actor.name}
    return detail


def _worded(powers: Collection[str]) -> dict[str, str]:
    return {
        locale: i18n.text(locale, "proxies.and").join(
            i18n.text(locale, f"proxies.power.{each}") for each in POWERS if each in powers
        )
        for locale in i18n.LOCALES
    }


def _is_plain(text: str) -> bool:
    """One line to be kept and shown; never with a 個人番号."""
    return text.isprintable() and not contains_my_number(text)


def _fault_of(text: str, key: str) -> str:
    return CardFault.MY_NUMBER.value if contains_my_number(text) else key


def _faults(powers: Collection[str], ends_on: date | None, today: date) -> dict[str, str]:
    faults = {}
    if not powers or not set(powers) <= set(POWERS):
        faults["powers"] = "error.proxy.powers"
    if ends_on is not None and ends_on < today:
        faults["ends_on"] = "error.proxy.ends_on"
    return faults
