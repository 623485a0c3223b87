"""Settings as FHIR Consent: going out to their owner, and coming in as one new version."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from api.consent import queries, service, stored
from api.consent.errors import ConsentNotTaken
from api.consent.exchange import receipts
from api.consent.exchange.fhir_consent import consent_of
from api.consent.exchange.fhir_import import (
    ConsentFaults,
    Imported,
    read_consent,
)
from api.consent.exchange.fhir_reading import Fault, Json, institutions_in
from api.consent.exchange.fhir_rows import Vocabulary
from api.consent.facts import Directive, Provision
from api.consent.settings.checking import (
    LARGEST_TEAM,
    MOST_SHARE_DAYS,
    check_size,
    is_a_name,
    known,
)
from api.consent.settings.grants import without_orphans
from api.consent.stored import Settings
from api.core import clock
from api.core.actor import Actor
from api.core.canonical import canonical
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory


async def current(actor: Actor) -> tuple[int, bytes]:
    """The version in force, and the actor's own settings as canonical JSON."""
    async with unit_of_work(actor) as tx:
        state = await stored.settings_in(tx)
    wire = consent_of(
        state.directive,
        _subject(actor),
        state.participation,
        stored.network_rules(),
        state.changed_at or clock.now(),
    )
    return state.directive.version, canonical(wire)


async def at_version(actor: Actor, version: int) -> bytes:
    """What the receipt of that version holds; of one from before receipts, what it would hold.

    Raises `NotFound` where there is no such version.
    """
    async with unit_of_work(actor) as tx:
        jws = await queries.receipt(tx, version)
        row = await queries.version(tx, version)
        state = await stored.settings_in(tx)
    if jws is not None:
        return receipts.payload_of(jws)
    if row is None:
        raise NotFound
    network = await stored.rules_of(row["profile_id"], row["profile_version"])
    return canonical(
        consent_of(
            stored.directive_of(row),
            _subject(actor),
            state.participation,
            network or stored.network_rules(),
            row["recorded_at"],
        )
    )


async def take(actor: Actor, body: bytes, *, expected_version: int) -> Settings:
    """Puts what the Consent says in the place of the settings, as one new version.

    Raises `ConsentNotTaken` with every fault and its path, and `SettingsChangedMeanwhile` when
    `expected_version` is no longer the newest; nothing is changed then.
    """
    wire = _decoded(body)
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await stored.settings_in(tx)
        if now.participation.state != "participating":
            raise NotFound
        await service.expect(tx, now, expected_version)
        found = await _read(tx, _subject(actor), wire)
        following = _following(now.directive, found.directive)
        # What people passed on ends with their own access, however that was said.
        workplaces = (await known(tx, now.directive, [])).workplaces
        left = without_orphans(now.directive, following, clock.now(), workplaces)
        following = structs.replace(following, provisions=left)
        check_size(now.directive, following)
        if following == structs.replace(now.directive, version=following.version):
            return now
        return await service.store_in(tx, actor, following, [{"import": "fhir"}])


def _following(now: Directive, found: Directive) -> Directive:
    """Rows that stood before stay as they were; the rest were imported now, by the participant."""
    kept = {_said(rule): rule for rule in now.provisions}
    return structs.replace(
        found,
        version=now.version + 1,
        provisions=tuple(_stamped(rule, kept.get(_said(rule))) for rule in found.provisions),
    )


def _said(rule: Provision) -> Provision:
    return structs.replace(rule, id=0, set_at=None, origin="import", delegated_by=None)


def _stamped(rule: Provision, before: Provision | None) -> Provision:
    if before is not None:
        return structs.replace(before, id=rule.id)
    is_living = rule.everyone or not (rule.professional_id or rule.facility_id or rule.team_id)
    set_at = clock.now() if is_living and rule.axis == "recipient" else None
    return structs.replace(rule, origin="import", set_at=set_at, delegated_by=None)


async def _read(tx: Transaction, subject: UUID, wire: Any) -> Imported:
    profile = directory.profile()
    vocabulary = Vocabulary(
        professions=frozenset(each.code for each in profile.professions),
        categories=frozenset(each.code for each in profile.categories),
        facility_types=frozenset(each.code for each in profile.facility_types),
        regions=frozenset(each.code for each in profile.regions),
        institutions=await directory.facilities_of_codes_in(tx, institutions_in(wire)),
    )
    try:
        found = read_consent(wire, subject, stored.network_rules(), vocabulary)
    except ConsentFaults as refused:
        raise ConsentNotTaken(refused.faults) from refused
    if faults := [*_out_of_bounds(found.directive, found.places), *await _unknown(tx, found)]:
        raise ConsentNotTaken(faults)
    return found


def _out_of_bounds(directive: Directive, places: Mapping[int, str]) -> Iterator[Fault]:
    """What no switch would take either: a share for years, a team of a hundred or of no name."""
    latest = clock.now() + timedelta(days=MOST_SHARE_DAYS)
    for rule in directive.provisions:
        if rule.axis == "share" and rule.valid_to is not None and rule.valid_to > latest:
            yield Fault("bad_value", f"{places[rule.id]}.period.end")
    for team in directive.teams:
        if not is_a_name(team.name) or not 0 < len(team.professional_ids) <= LARGEST_TEAM:
            yield Fault("bad_value", "Consent.contained")


async def _unknown(tx: Transaction, found: Imported) -> list[Fault]:
    """Facilities that are not of this network, professionals who are not or no longer here."""
    rules = found.directive.provisions
    facilities = {each for r in rules for each in (r.facility_id, r.source_facility_id) if each}
    members = {each for team in found.directive.teams for each in team.professional_ids}
    people = members | {rule.professional_id for rule in rules if rule.professional_id}
    missing = facilities - {
        line.facility_id for line in await directory.facilities_in(tx, sorted(facilities))
    }
    here = await directory.people_in(tx, sorted(people))
    missing |= people - {each.professional_id for each in here if each.is_active}
    teams = {team.id for team in found.directive.teams}
    missing |= {rule.team_id for rule in rules if rule.team_id and rule.team_id not in teams}
    faults = []
    for rule in rules:
        if missing & {rule.facility_id, rule.professional_id, rule.team_id}:
            faults.append(Fault("unknown_reference", f"{found.places[rule.id]}.actor"))
        if rule.source_facility_id in missing:
            faults.append(Fault("unknown_reference", f"{found.places[rule.id]}.data"))
    if members & missing:
        faults.append(Fault("unknown_reference", "Consent.contained"))
    return faults + await _unknown_records(tx, found)


async def _unknown_records(tx: Transaction, found: Imported) -> list[Fault]:
    """Records that are not there, and alike those the participant was not told of."""
    named = {rule.id: set(rule.record_ids) for rule in found.directive.provisions}
    marked = {mark.record_id for mark in found.directive.marks}
    told = await queries.records_told_of(tx, sorted(marked.union(*named.values())))
    faults = [
        Fault("unknown_reference", f"{found.places[number]}.data")
        for number, ids in named.items()
        if ids - told
    ]
    return faults + ([Fault("unknown_reference", "Consent.extension")] if marked - told else [])


def _decoded(body: bytes) -> Json:
    """JSON without the same name twice: two readers would see two Consents."""
    try:
        wire = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ConsentNotTaken([Fault("bad_value", "Consent")]) from error
    return wire if isinstance(wire, dict) else {}


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _subject(actor: Actor) -> UUID:
    if actor.participant_id is None:
        raise NotFound
    return actor.participant_id
