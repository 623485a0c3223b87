"""What PostgreSQL holds of one participant's settings, as values; and the network's rules."""

from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from api.consent import queries
from api.consent.facts import (
    EMERGENCY,
    TREATMENT,
    Directive,
    Mark,
    NetworkRules,
    Participation,
    Provision,
    Residence,
    Team,
)
from api.core.database import Transaction
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.profile import NetworkProfile


class Settings(NamedTuple):
    """What is in force for one participant now; `directive.version` 0 means never chosen."""

    participation: Participation
    directive: Directive
    changed_at: datetime | None


class Held(NamedTuple):
    """Settings held still, and the policy version PostgreSQL has as long as they are in force."""

    policy_version: int
    settings: Settings


def network_rules() -> NetworkRules:
    """The profile as the decision sees it."""
    return _rules(directory.profile())


async def rules_of(profile_id: str, version: int) -> NetworkRules | None:
    """The rules of a profile version once in force here."""
    profile = await directory.profile_of(profile_id, version)
    return None if profile is None else _rules(profile)


def _rules(profile: NetworkProfile) -> NetworkRules:
    return NetworkRules(
        profile_id=profile.id,
        profile_version=profile.version,
        categories=tuple(category.code for category in profile.categories),
        matrix={p.code: profile.default_categories(p.code) for p in profile.professions},
        purposes=frozenset({TREATMENT, *EMERGENCY, *(each.code for each in profile.purposes)}),
        recipient_default=profile.consent.recipient_default.outcome,
    )


async def settings_in(tx: Transaction) -> Settings:
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    return settings_of(row)


async def locked_settings_in(tx: Transaction) -> Settings | None:
    """The subject's settings, held still by the log head's lock until the transaction ends."""
    held = await locked_in(tx)
    return None if held is None else held.settings


async def locked_in(tx: Transaction) -> Held | None:
    """As `locked_settings_in`, with their version."""
    version = await queries.lock_known(tx)
    return None if version is None else Held(version, await settings_in(tx))


def settings_of(row: asyncpg.Record) -> Settings:
    return Settings(
        Participation(
            row["state"] or "unanswered",
            row["data_from"],
            row["terms_version"],
            joined_at=row["joined_at"],
            ends_at=row["ends_at"],
            residences=places_of(row["residences"]),
        ),
        directive_of(row),
        row["recorded_at"],
    )


def places_of(text: str) -> tuple[Residence, ...]:
    return msgspec.json.decode(text, type=tuple[Residence, ...])


def directive_of(row: asyncpg.Record | None) -> Directive:
    """Version 0 has no row of its own: nothing was ever chosen."""
    if row is None or row["provisions"] is None:
        return Directive()
    return Directive(
        row["version"],
        msgspec.json.decode(row["provisions"], type=tuple[Provision, ...]),
        msgspec.json.decode(row["teams"], type=tuple[Team, ...]),
        msgspec.json.decode(row["marks"], type=tuple[Mark, ...]),
        row["incoming_level"],
        row["asks_first_since"],
        tuple(row["refused_sources"]),
    )
