"""A participant's settings: reading them, changing them as one new version, taking it back."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import structs

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import proxied, queries
from api.consent.agreeing.shutting_out import tell_shut_out
from api.consent.errors import Contradiction, EndIsPast, SettingsChangedMeanwhile
from api.consent.exchange import receipts
from api.consent.facts import (
    Directive,
    Origin,
    Participation,
    ParticipationState,
)
from api.consent.settings import checking, rows, widening
from api.consent.settings.changes import Made, apply_all, made_by
from api.consent.settings.chosen_scheme import picks_another
from api.consent.settings.summary import Summary, summary
from api.consent.settings.switches import Command
from api.consent.stored import Settings, directive_of, network_rules, settings_in, settings_of
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity import closed
from api.identity.keys import stepping_up


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


async def settings(actor: Actor) -> Settings:
    """The actor's own settings."""
    async with unit_of_work(actor) as tx:
        return await settings_in(tx)


async def turned(actor: Actor, version: int) -> Made | None:
    """What made that version of the actor's settings; None where there is no such version."""
    async with unit_of_work(actor) as tx:
        row = await queries.version(tx, version)
    return made_by(row["change"]) if row else None


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
        await expect(tx, now, expected_version, commands)
        following, done = await _following(tx, now.directive, commands)
        if following is now.directive and not await picks_another(tx, commands):
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
    if following is now and not await picks_another(tx, commands):
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


async def already_so(actor: Actor, state: Settings, commands: Sequence[Command]) -> bool:
    """Whether these commands would change nothing."""
    try:
        after, _ = apply_all(state.directive, commands, network_rules(), clock.now())
    except ValueError:
        return False
    async with unit_of_work(actor) as tx:
        return after is state.directive and not await picks_another(tx, commands)


async def undo(actor: Actor, *, expected_version: int) -> Settings:
    """A new version that says what the one before said; the past itself stays as it was.

    Nothing is taken back that was chosen before a closing of the account.
    """
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await settings_in(tx)
        await expect(tx, now, expected_version)
        newest = await queries.version(tx, expected_version)
        if newest is None or await closed.is_of_before_in(tx, newest["recorded_at"]):
            return now
        before = await queries.version(tx, expected_version - 1)
        return await store_in(tx, actor, directive_of(before), [{"undo": expected_version}])


async def expect(
    tx: Transaction, now: Settings, version: int, wanted: Sequence[Command] = ()
) -> None:
    """Raises `SettingsChangedMeanwhile` where `version` is not the newest."""
    newest = now.directive.version
    if newest != version:
        known = min(max(version, 0), newest)
        since = [made_by(change) for change in await queries.changes_since(tx, known)]
        raise SettingsChangedMeanwhile(newest, tuple(since), tuple(wanted))


async def store_in(
    tx: Transaction,
    actor: Actor,
    following: Directive,
    change: object,
    *,
    logged: Mapping[str, object] | None = None,
) -> Settings:
    """One version, its event (with `logged` in its detail) and its receipt, and word to whoever it
    shuts out; answers the settings as they now stand. The caller holds the head's lock.

    What opens anything asks a participant at a door for a fresh session: raises `StepUpNeeded`,
    `Frozen`.
    """
    before = await settings_in(tx)
    await proxied.check_in(tx, before.directive, following)
    if actor.kind is ActorKind.PARTICIPANT and widening.opens(
        before.directive, following, clock.now()
    ):
        await stepping_up.demand(tx, actor)
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
            following.refused_sources,
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
    state = settings_of(row)
    await receipts.issue_in(tx, row["participant_id"], state, network_rules())
    await tell_shut_out(tx, before, state)
    return state
