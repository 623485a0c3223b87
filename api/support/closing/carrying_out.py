"""What is due is carried out, by each server process in turn, and told of before.

Each step may be done twice, or broken off between: the next round goes on where the last one ended.
PostgreSQL holds that nothing is destroyed before its day, whoever asks. The certificate comes last:
when the files no longer hold what was destroyed.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from jwt.api_jws import PyJWS

from api.access_log import keystore
from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service as consent
from api.consent import stored
from api.consent.lifecycle import leaving
from api.core import clock, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.canonical import canonical
from api.core.crypto import sha256
from api.core.database import unit_of_work
from api.core.errors import Problem
from api.core.logging import log
from api.directory import service as directory
from api.emergency.cards import service as cards
from api.proxies import service as proxies
from api.records.taking_out import running as own_files
from api.support import queries as support_queries
from api.support.closing import queries, rewriting, rules
from api.support.closing.rules import Closing, Destroyed, ErasedLog, Rewritten
from notifications import service as notifications

LOOK_SECONDS: Final = 300.0
AT_ONCE: Final = 50
REASON: Final = "asked for by the participant on closing the account"

_JWS: Final = PyJWS()


async def run() -> None:
    """For as long as the process lives; a fault is noted and tried again."""
    while True:
        try:
            await go_round()
        except (Problem, asyncpg.PostgresError, OSError) as error:
            log.error("support:closing:failed", error=type(error).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def go_round() -> int:
    """Answers how many accounts were closed."""
    destroyed, after = [], None
    while rows := await _due(after):
        for row in rows:
            after = row["participant_id"]
            actor = Actor(
                kind=ActorKind.PARTICIPANT, account_id=row["account_id"], participant_id=after
            )
            try:
                if not row["is_due"]:
                    await _remind(actor)
                elif await carry_out(actor):
                    destroyed.append(actor)
            except Problem as error:  # whatever is wrong with one, the next is to be served
                log.error("support:closing:failed", error=type(error).__name__)
    return await _end(destroyed) if destroyed else 0


async def _due(after: UUID | None) -> list[asyncpg.Record]:
    async with unit_of_work(OPERATOR) as tx:
        return await queries.due(tx, rules.REMIND_BEFORE, after, AT_ONCE)


async def carry_out(actor: Actor) -> bool:
    """Whether all is destroyed: an open case of the participant's keeps the log, and with it the
    end, until it is closed."""
    ended = await _end_ties(actor)
    await _destroy(actor, ended)
    await _end_ties(actor)  # what was begun between the two; from here on nothing is
    return await _erase_log(actor)


async def _end(destroyed: list[Actor]) -> int:
    """How many have their certificate now; none while the files may still hold something."""
    await own_files.sweep()
    rewritten = await rewriting.rewrite()
    if rewritten is None:
        log.warning("support:closing:waits")
        return 0
    ended = 0
    for actor in destroyed:
        try:
            ended += await _finish(actor, rewritten)
        except Problem as error:
            log.error("support:closing:failed", error=type(error).__name__)
    return ended


async def _remind(actor: Actor) -> None:
    async with unit_of_work(actor) as tx:
        await stored.locked_settings_in(tx)
        row = await queries.locked(tx)
        if row is None or row["reminded_at"] is not None:
            return
        await queries.reminded(tx)
        day = clock.day_in_japan(row["ends_at"]).isoformat()
        await notifications.enqueue(tx, "closing_near", day=day)


async def _end_ties(actor: Actor) -> int:
    """Nobody acts for them, they act for nobody, nothing of theirs is shown any more."""
    relations = await proxies.mine(actor)
    ended = 0
    for each in (*relations.mine, *relations.for_others):
        if each.relation.state != "ended":
            with suppress(Problem):  # another worker ended it meanwhile
                await proxies.end(actor, each.proxy_id)
                ended += 1
    with suppress(Problem):  # there is none
        await cards.revoke(actor)
    state = await consent.settings(actor)
    if state.participation.state == "participating":
        await leaving.take_part(actor, "withdrawn")
    await leaving.forget_what_opened(actor)
    return ended


async def _destroy(actor: Actor, proxies_ended: int) -> None:
    async with unit_of_work(actor) as tx:
        # Whoever is writing ends first: what they write is destroyed with the rest.
        await stored.locked_settings_in(tx)
        row = await queries.locked(tx)
        if row is None or row["carried_out_at"] is not None or not row["is_due"]:
            return
        counts: dict[str, Any] = msgspec.json.decode(await queries.carry_out(tx))
        destroyed = msgspec.convert(counts | {"proxies": proxies_ended}, Destroyed)
        await queries.carried_out(tx, msgspec.json.encode(destroyed).decode())
        await access_log.append(
            tx,
            EventName.ACCOUNT_CLOSED,
            detail={"records": destroyed.versions, "key": destroyed.key},
        )
    if actor.participant_id is not None:
        keystore.forget([actor.participant_id])


async def _erase_log(actor: Actor) -> bool:
    """Where it was wished for. Whether nothing is left to be destroyed."""
    async with unit_of_work(OPERATOR, subject=actor.participant_id) as tx:
        row = await queries.locked(tx)
        if row is None or row["carried_out_at"] is None:
            return False
        destroyed = msgspec.json.decode(row["destroyed"], type=Destroyed)
        if not row["erases_log"] or destroyed.log is not None:
            return True
        if await support_queries.is_anything_open(tx):
            return False
        done = await access_log.erase_in(tx, REASON)
        noted = msgspec.structs.replace(destroyed, log=ErasedLog(done.events, done.value.hex()))
        await queries.log_erased(tx, msgspec.json.encode(noted).decode())
        return True


async def _finish(actor: Actor, rewritten: Rewritten) -> bool:
    subject = actor.participant_id
    if subject is None:
        return False
    async with unit_of_work(OPERATOR, subject=subject) as tx:
        row = await queries.locked(tx)
        if row is None:
            return False
        said = rules.certificate(
            directory.profile().id,
            subject_hash(subject),
            Closing(
                asked_at=row["asked_at"],
                ends_at=row["ends_at"],
                erases_log=row["erases_log"],
                carried_out_at=row["carried_out_at"],
            ),
            msgspec.json.decode(row["destroyed"], type=Destroyed),
            rewritten,
            clock.now(),
        )
        await queries.add_certificate(tx, row["claim_hash"], signed(said))
        await queries.end(tx)
    return True


def subject_hash(participant_id: UUID) -> str:
    """Of an id that only its holder, the facilities and the network know."""
    return sha256(b"tsunagu/1 closed account\0" + participant_id.bytes).hex()


def signed(said: dict[str, Any]) -> str:
    key = runtime.keys().receipts.current()
    headers = {"typ": rules.TYPE, "cty": "json", "kid": key.kid}
    return _JWS.encode(canonical(said), key.private, algorithm="EdDSA", headers=headers)
