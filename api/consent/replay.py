"""Making a past decision again, from the versions its log row names."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from api.consent import queries
from api.consent.decide import Policy, compile_policy
from api.consent.facts import Participation, Residence
from api.consent.policies import CompiledPolicy
from api.consent.stored import directive_of, places_of, rules_of
from api.core.database import Transaction
from api.directory import service as directory


class Versions(Struct, frozen=True):
    """What a decision was made from; with the basis, all that deciding it again takes.

    `standing` is the revision of the directory's knowledge of who asked, `facility.person`.
    `ends_at` is when taking part would have lapsed, as known then.
    """

    decided_at: datetime
    participation: int
    residence: int
    standing: str
    ends_at: datetime | None = None


def versions_of(known: CompiledPolicy, standing: directory.Standing, now: datetime) -> Versions:
    participation, residence, ends_at = known.made_from
    return Versions(now, participation, residence, standing.revision, ends_at)


async def policy_then(
    tx: Transaction, versions: Versions, settings_version: int, profile: tuple[str, int]
) -> Policy | None:
    """The subject's policy as it was; None where a version is not there to be read."""
    rules = await rules_of(*profile)
    directive = await queries.version(tx, settings_version)
    if rules is None or (directive is None and settings_version > 0):
        return None
    return compile_policy(rules, await _participation(tx, versions), directive_of(directive))


async def _participation(tx: Transaction, versions: Versions) -> Participation:
    row = await queries.participation(tx, versions.participation)
    if row is None:
        return Participation()
    return Participation(
        row["state"],
        row["data_from"],
        row["terms_version"],
        joined_at=row["joined_at"],
        ends_at=versions.ends_at,
        residences=await _residences(tx, versions.residence),
    )


async def _residences(tx: Transaction, version: int) -> tuple[Residence, ...]:
    row = await queries.residence(tx, version)
    return places_of(row["places"]) if row else ()


def facility_and_person(standing: str) -> tuple[int, int]:
    """The two revisions a standing names; 0 where there was no person."""
    facility, _, person = standing.partition(".")
    return int(facility), int(person or 0)


async def requester_then(
    tx: Transaction, facility_id: UUID, professional_id: UUID | None, standing: str
) -> directory.Standing | None:
    """Who asked, as the directory knew them then."""
    return await directory.standing_then(
        tx, facility_id, professional_id, facility_and_person(standing)
    )
