"""Rows as the values the rules speak of, and how an event says who acted."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from api.core import i18n
from api.core.actor import Actor
from api.core.database import Transaction
from api.directory import service as directory
from api.emergency import queries, reviewing, rules
from api.emergency.reach import Choice
from api.emergency.rules import Opener, Session


async def choice_in(tx: Transaction) -> tuple[int, Choice]:
    """The subject's newest, and its version; 0 where nothing was ever chosen."""
    row = await queries.choice(tx)
    if row is None:
        return 0, Choice()
    return row["version"], Choice(
        row["kind"], tuple(row["categories"]), row["level"], row["shows_hidden"]
    )


async def session_in(tx: Transaction, row: asyncpg.Record) -> Session:
    return (await sessions_in(tx, [row["session_id"]], _opener(row)))[0]


async def sessions_in(tx: Transaction, ids: Iterable[UUID], opener: Opener) -> list[Session]:
    steps: dict[UUID, list[asyncpg.Record]] = {each: [] for each in ids}
    for row in await queries.steps(tx, list(steps)):
        steps[row["session_id"]].append(row)
    return [
        Session(
            opener,
            tuple(rules.Step(r["kind"], r["recorded_at"], r["expires_at"]) for r in found),
            any(r["kind"] == "activated" and r["by_kind"] == "support" for r in found),
            any(r["in_disaster"] for r in found),
        )
        for found in steps.values()
    ]


async def review_in(tx: Transaction, row: asyncpg.Record) -> reviewing.Review:
    session_id = row["session_id"]
    steps = await queries.review_steps(tx, [session_id])
    opened_with = [
        r["by_account"]
        for r in await queries.steps(tx, [session_id])
        if r["kind"] == "activated" and r["by_kind"] == "support"
    ]
    return reviewing.Review(
        row["opened_by"] or row["professional_id"],
        tuple(reviewing.Step(r["state"], r["recorded_at"], r["by_account"]) for r in steps),
        opened_with[0] if opened_with else None,
    )


def _opener(row: asyncpg.Record) -> Opener:
    return Opener(row["professional_id"], row["facility_id"], row["participant_id"])


def acted(actor: Actor, standing: directory.Standing) -> dict[str, Any]:
    """Who, for the event of it."""
    return {
        "name": standing.professional_name or actor.name,
        "profession": standing.profession or actor.profession,
        "facility": {"ja": standing.facility_name, "en": standing.facility_name_en},
        "client": actor.client_id,
    }


def reason_said(code: str) -> dict[str, str]:
    return {each: i18n.text(each, f"emergency.reason.{code}") for each in i18n.LOCALES}
