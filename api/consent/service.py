"""Participation and settings of one participant: reading them, changing them, deciding by them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries
from api.consent.agreeing import queries as asking_queries
from api.consent.agreeing.revoked import named, shut_out
from api.consent.decide import Policy, compile_policy
from api.consent.errors import Contradiction, EndIsPast, SettingsChangedMeanwhile
from api.consent.exchange import receipts
from api.consent.facts import (
    TREATMENT,
    Directive,
    Mark,
    NetworkRules,
    Origin,
    Participation,
    ParticipationState,
    Provision,
    Requester,
    Residence,
    Team,
)
from api.consent.settings import checking, rows
from api.consent.settings.changes import apply_all
from api.consent.settings.summary import Summary, summary
from api.consent.settings.switches import Command
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.directory.profile import NetworkProfile


class Settings(NamedTuple):
    """What is in force for one participant now; `directive.version` 0 means never chosen."""

    participation: Participation
    directive: Directive
    changed_at: datetime | None


class CompiledPolicy(NamedTuple):
    """A policy and the `policy_version` PostgreSQL must still hold when it is used.

    `made_from`: the versions of participation and residences, and when taking part lapses.
    """

    policy_version: int
    policy: Policy
    made_from: tuple[int, int, datetime | None]


_policies: dict[UUID, CompiledPolicy] = {}
KEPT_POLICIES = 10_000


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
        purposes=frozenset({TREATMENT, *(each.code for each in profile.purposes)}),
        recipient_default=profile.consent.recipient_default.outcome,
    )


def terms_in_force() -> str:
    """The version of the terms whoever joins now agrees to."""
    return directory.profile().terms_in_force.version


def state_now(participation: Participation) -> ParticipationState:
    """As stored, or "lapsed" when new terms were not answered by their day."""
    ends_at = participation.ends_at
    if participation.state == "participating" and ends_at is not None and clock.now() >= ends_at:
        return "lapsed"
    return participation.state


def summary_of(state: Settings) -> Summary:
    """How the switches stand now."""
    profile = directory.profile()
    return summary(
        state.directive,
        network_rules(),
        clock.now(),
        regions=(region.code for region in profile.regions),
        facility_types=(each.code for each in profile.facility_types),
    )


async def policy(actor: Actor, subject: UUID) -> CompiledPolicy:
    """The compiled policy last known; `forget` it when PostgreSQL says it is stale.

    Raises `NotFound` when there is no such participant.
    """
    known = _policies.get(subject)
    if known is None:
        async with unit_of_work(actor, subject=subject) as tx:
            row = await queries.current(tx)
        if row is None:
            raise NotFound
        known = _compiled(row)
        if len(_policies) >= KEPT_POLICIES:
            _policies.pop(next(iter(_policies)))
        _policies[subject] = known
    return known


def forget(subject: UUID) -> None:
    _policies.pop(subject, None)


def requester(
    actor: Actor,
    standing: directory.Standing,
    *,
    profile: NetworkProfile | None = None,
    on: date | None = None,
) -> Requester:
    """The decision's view of who asks; a system speaks for the profession its token claims.

    `profile` and `on` are those of the decision: without them the one in force, and today.
    """
    is_person = actor.professional_id is not None
    return Requester(
        kind="professional" if actor.kind is ActorKind.PROFESSIONAL else "system",
        facility_id=actor.facility_id or UUID(int=0),
        professional_id=actor.professional_id,
        profession=standing.profession if is_person else actor.profession,
        facility_type=standing.facility_type,
        regions=(profile or directory.profile()).regions_around(standing.region),
        facility_joined_at=standing.facility_joined_at,
        facility_is_active=standing.facility_is_active,
        professional_is_active=standing.professional_is_active,
        is_trained=is_trained(standing, on or clock.today_in_japan()),
    )


def is_trained(standing: directory.Standing, on: date) -> bool:
    """From the day of the training on."""
    return standing.trained_on is not None and standing.trained_on <= on


async def settings(actor: Actor) -> Settings:
    """The actor's own settings."""
    async with unit_of_work(actor) as tx:
        return await settings_in(tx)


async def turned(actor: Actor, version: int) -> list[Command] | None:
    """What that version of the actor's settings changed; None for an undoing or no such version."""
    async with unit_of_work(actor) as tx:
        row = await queries.version(tx, version)
    return (list(_commands(row["change"])) or None) if row else None


async def settings_in(tx: Transaction) -> Settings:
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    return _settings(row)


async def locked_settings_in(tx: Transaction) -> Settings | None:
    """The subject's settings, held still by the log head's lock until the transaction ends."""
    row = await queries.current(tx)
    if row is None:
        return None
    await queries.lock(tx)
    return await settings_in(tx)


async def locked_policy_in(tx: Transaction) -> CompiledPolicy | None:
    """As `policy`, of now, and held still by the head's lock until the transaction ends."""
    if await queries.current(tx) is None:
        return None
    await queries.lock(tx)
    row = await queries.current(tx)
    return None if row is None else _compiled(row)


def _compiled(row: asyncpg.Record) -> CompiledPolicy:
    state = _settings(row)
    return CompiledPolicy(
        row["policy_version"],
        compiled(state),
        (
            row["participation_version"],
            row["residence_version"],
            state.participation.ends_at,
        ),
    )


def compiled(state: Settings) -> Policy:
    return compile_policy(network_rules(), state.participation, state.directive)


async def change(actor: Actor, commands: Sequence[Command], *, expected_version: int) -> Settings:
    """Applies the commands to the settings as one new version, logged with them.

    Raises `SettingsChangedMeanwhile` when `expected_version` is no longer the newest,
    `UnknownChoice` for anything that is not there for this participant to name, `NoLongerHere`
    for letting in who left, `EndIsPast` and `Contradiction`; nothing is changed then.
    """
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await settings_in(tx)
        if now.participation.state != "participating":
            raise NotFound
        await _expect(tx, now, expected_version, commands)
        following, done = await _following(tx, now.directive, commands)
        if following is now.directive:
            return now
        return await store_in(tx, actor, following, [msgspec.to_builtins(each) for each in done])


async def trial_in(tx: Transaction, commands: Sequence[Command]) -> tuple[Settings, Settings]:
    """The subject's settings, and as saving these commands would leave them; nothing is stored.

    Raises as `change` does for commands it would refuse.
    """
    now = await settings_in(tx)
    if not commands:
        return now, now
    if now.participation.state != "participating":
        raise NotFound
    following, _ = await _following(tx, now.directive, commands)
    return now, now._replace(directive=following)


async def _following(
    tx: Transaction, directive: Directive, commands: Sequence[Command]
) -> tuple[Directive, Sequence[Command]]:
    """The next version, or the same value where nothing changes; and the commands that did it."""
    rules, found = network_rules(), await checking.known(tx, directive, commands)
    await checking.check(tx, found, rules, directive, commands)
    try:
        following, done = apply_all(directive, commands, rules, clock.now(), found.workplaces)
    except rows.EndIsPast as error:
        raise EndIsPast from error
    except ValueError as error:
        raise Contradiction from error
    checking.check_size(directive, following)
    return following, done


async def change_in(
    tx: Transaction, actor: Actor, commands: Sequence[Command], *, origin: Origin = "participant"
) -> Directive:
    """As `change`, of the settings as they are, inside the caller's transaction, which holds the
    head's lock. `origin` marks the rows that are new.
    """
    now = (await settings_in(tx)).directive
    following, done = await _following(tx, now, commands)
    if following is now:
        return now
    old = set(now.provisions)
    following = structs.replace(
        following,
        provisions=tuple(
            structs.replace(rule, origin=origin)
            if rule not in old and rule.origin == "participant"
            else rule
            for rule in following.provisions
        ),
    )
    await store_in(tx, actor, following, [msgspec.to_builtins(each) for each in done])
    return following


def already_so(state: Settings, commands: Sequence[Command]) -> bool:
    """Whether these commands would change nothing."""
    try:
        after, _ = apply_all(state.directive, commands, network_rules(), clock.now())
    except ValueError:
        return False
    return after is state.directive


async def undo(actor: Actor, *, expected_version: int) -> Settings:
    """A new version that says what the one before said; the past itself stays as it was."""
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await settings_in(tx)
        await _expect(tx, now, expected_version)
        if expected_version == 0:
            return now
        before = await queries.version(tx, expected_version - 1)
        return await store_in(tx, actor, directive_of(before), [{"undo": expected_version}])


async def _expect(
    tx: Transaction, now: Settings, version: int, wanted: Sequence[Command] = ()
) -> None:
    newest = now.directive.version
    if newest != version:
        known = min(max(version, 0), newest)
        since = [_commands(change) for change in await queries.changes_since(tx, known)]
        raise SettingsChangedMeanwhile(newest, tuple(since), tuple(wanted))


def _commands(change: str) -> tuple[Command, ...]:
    try:
        return msgspec.json.decode(change, type=tuple[Command, ...])
    except msgspec.ValidationError:
        return ()  # an undoing


async def join_in(
    tx: Transaction, actor: Actor, *, state: str = "participating", signed_on: date | None = None
) -> int:
    """Records that the subject joins, refuses or withdraws, inside the caller's transaction.

    `signed_on`: the day of the paper that says so. Answers the participation version.
    """
    await queries.lock(tx)
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    from_joining = directory.profile().consent.data_from == "participation_date"
    data_from = (signed_on or clock.today_in_japan()) if from_joining else None
    if row["state"] == "participating":
        data_from = row["data_from"]
    following = ParticipationRow(state, terms_in_force(), data_from)
    said = {"because": f"paper_{state}", "signed_on": str(signed_on)} if signed_on else {}
    return await participate_in(tx, actor, following, **said)


class ParticipationRow(NamedTuple):
    """A row of participation to be; `joined_at`: when the taking part began that it continues."""

    state: str
    terms_version: str
    data_from: date | None
    joined_at: datetime | None = None


async def participate_in(
    tx: Transaction, actor: Actor, following: ParticipationRow, **said: object
) -> int:
    """Appends this participation of the subject, logs it with what `said` adds, and tells whoever
    it shuts out.

    The caller holds the head's lock. Answers the participation version.
    """
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    version: int = row["participation_version"] + 1
    state, terms, data_from, joined_at = following
    await queries.add_participation(
        tx, version, state, terms, data_from, actor.account_id, joined_at=joined_at
    )
    await access_log.append(
        tx,
        EventName.PARTICIPATION_CHANGED,
        detail={"state": state, "terms": terms, "data_from": data_from} | said,
    )
    await _tell_shut_out(tx, _settings(row), await settings_in(tx))
    return version


async def store_in(
    tx: Transaction,
    actor: Actor,
    following: Directive,
    change: object,
    *,
    logged: Mapping[str, object] | None = None,
) -> Settings:
    """One version, its event (with `logged` in its detail) and its receipt, and word to whoever it
    shuts out; answers the settings as they now stand. The caller holds the head's lock."""
    before = await settings_in(tx)
    following = structs.replace(following, version=before.directive.version + 1)
    profile = directory.profile()
    await queries.add_directive(
        tx,
        following.version,
        (
            msgspec.json.encode(following.provisions).decode(),
            msgspec.json.encode(following.teams).decode(),
            msgspec.json.encode(following.marks).decode(),
            following.incoming_level,
            following.asks_first_since,
        ),
        msgspec.json.encode(change).decode(),
        (profile.id, profile.version),
        actor.account_id,
    )
    await access_log.append(
        tx,
        EventName.DISCLOSURE_CHANGED,
        detail={"version": following.version, "change": change, **(logged or {})},
    )
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    state = _settings(row)
    await receipts.issue_in(tx, row["participant_id"], state, network_rules())
    await _tell_shut_out(tx, before, state)
    return state


async def _tell_shut_out(tx: Transaction, before: Settings, after: Settings) -> None:
    """Tells facilities and people whom the settings name that they are let in no longer."""
    facilities, professionals = named(before.directive, after.directive)
    if not facilities and not professionals:
        return
    standings = await directory.standings_in(tx, facilities, professionals)
    asked = [requester(_speaking(actor), standing) for actor, standing in standings]
    gone = shut_out(compiled(before), compiled(after), asked, clock.now())
    if gone:
        await asking_queries.tell_facilities(
            tx, [(each.facility_id, each.professional_id) for each in gone], "access_ended"
        )


def _speaking(actor: Actor) -> Actor:
    """A facility's own standing is asked for through some profession the network knows."""
    return structs.replace(actor, profession=next(iter(network_rules().matrix)))


def _settings(row: asyncpg.Record) -> Settings:
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
    )
