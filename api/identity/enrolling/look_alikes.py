"""Participants who may be one person: offered to the support centre, decided there, with a reason.

Two people who both are participants are never made one here: `same` is a task for the operator.
"""

from datetime import date, datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.actor import Actor
from api.core.database import Transaction, turn_to, unit_of_work
from api.core.errors import NotFound
from api.identity.enrolling import paper_enrolment_queries as queries
from api.identity.enrolling.paper_form import Form
from api.identity.errors import EnrolmentFaults
from api.identity.my_number import contains_my_number

Decision = Literal["same", "different"]
DECISIONS: Final[tuple[Decision, ...]] = ("same", "different")
LONGEST_REASON: Final = 200


class LookAlike(NamedTuple):
    """`why`: of card, insurance, kana and name, what is alike; `has_key`: signs in already."""

    participant_id: UUID
    name: str
    name_kana: str
    birth_on: date
    card_end: str | None
    has_key: bool
    why: tuple[str, ...]


class Side(NamedTuple):
    name: str
    name_kana: str
    birth_on: date
    card_end: str | None


class Pair(NamedTuple):
    participant_id: UUID
    other_id: UUID
    why: tuple[str, ...]
    found_at: datetime
    newer: Side
    older: Side


async def of_form_in(tx: Transaction, form: Form) -> list[LookAlike]:
    """Who has the card first, then the newest; for officers."""
    insurance = form.insurance
    key = (
        (insurance.insurer, insurance.symbol, insurance.number, insurance.branch)
        if insurance and insurance.branch
        else ()
    )
    rows = await queries.look_alikes(tx, form.name, form.name_kana, form.birth_on, form.card, key)
    return [LookAlike(**{**row, "why": tuple(row["why"])}) for row in rows]


async def waiting(actor: Actor, *, page: int = 1, count: int = 20) -> tuple[list[Pair], int]:
    """Pairs nobody has decided, the newest first, and how many there are."""
    async with unit_of_work(actor) as tx:
        rows = await queries.pairs(tx, (page - 1) * count, count)
    return [
        Pair(
            row["participant_id"],
            row["other_id"],
            tuple(row["why"]),
            row["found_at"],
            Side(row["name"], row["name_kana"], row["birth_on"], row["card_end"]),
            Side(
                row["other_name"], row["other_kana"], row["other_birth_on"], row["other_card_end"]
            ),
        )
        for row in rows
    ], (rows[0]["total"] if rows else 0)


async def decide(
    actor: Actor, participant_id: UUID, other_id: UUID, decision: str, reason: str
) -> None:
    """Each of both reads in their log that it was decided, by whom and why, never who the other is.

    Raises `EnrolmentFaults`, and `NotFound` for what is no pair, or decided.
    """
    reason = " ".join(reason.split())
    faults = {}
    if decision not in DECISIONS:
        faults["decision"] = "error.look_alike.decision"
    if not is_reason(reason):
        faults["reason"] = "error.look_alike.reason"
    if faults:
        raise EnrolmentFaults(faults)
    async with unit_of_work(actor, subject=participant_id) as tx:
        await _decide_in(tx, participant_id, other_id, decision, reason)


def is_reason(text: str) -> bool:
    """One line that both may read; never with a 個人番号."""
    is_line = 1 <= len(text) <= LONGEST_REASON and text.isprintable()
    return is_line and not contains_my_number(text)


async def tell_apart_in(tx: Transaction, participant_id: UUID, reason: str) -> None:
    """Somebody new was said to be nobody of those who look alike."""
    for other_id in await queries.undecided_of(tx, participant_id):
        await _decide_in(tx, participant_id, other_id, "different", reason)


async def _decide_in(
    tx: Transaction, participant_id: UUID, other_id: UUID, decision: str, reason: str
) -> None:
    """The transaction is about one of the two afterwards."""
    name = tx.acting.name or ""
    if not await queries.decide_pair(tx, participant_id, other_id, (decision, reason, name)):
        raise NotFound
    detail = {
        "decision": decision,
        "reason": reason,
        "told": {"reason": reason},
        "actor": {"name": name},
    }
    # Always the lower id first: two deeds never wait for each other's log.
    for subject in sorted((participant_id, other_id)):
        await turn_to(tx, subject)
        await access_log.append(tx, EventName.LOOK_ALIKE_DECIDED, detail=detail)
