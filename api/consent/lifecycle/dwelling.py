"""Where a participant lives and lived, in their own words, and from which day records are shown."""

from datetime import date
from typing import Final, NamedTuple

import msgspec

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import queries
from api.consent.errors import NotADay, NotAPlace, SettingsChangedMeanwhile
from api.consent.facts import Residence
from api.consent.lifecycle import participating
from api.consent.lifecycle.participating import ParticipationRow
from api.consent.settings import widening
from api.consent.stored import network_rules, settings_in
from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.directory import service as directory
from api.identity import closed
from api.identity.keys import stepping_up
from api.proxies import safety as proxy_safety

MOST_PLACES: Final = 30


class Dwelling(NamedTuple):
    """`version` 0: the participant never said where they live."""

    version: int
    places: tuple[Residence, ...]


def place(region: str, from_on: date | None, until_on: date | None) -> Residence:
    """Raises `NotAPlace` for a time that ends before it begins."""
    try:
        return Residence(region, from_on, until_on)
    except ValueError as error:
        raise NotAPlace from error


async def dwelling(actor: Actor) -> Dwelling:
    async with unit_of_work(actor) as tx:
        return await _dwelling(tx)


async def live_in(
    actor: Actor, places: tuple[Residence, ...], *, expected_version: int
) -> Dwelling:
    """The whole history of places as one new version; it counts from the next request on.

    Raises `NotAPlace`, `SettingsChangedMeanwhile`, `NotInSafeMode`, `StepUpNeeded`, `Frozen`;
    nothing is changed then.
    """
    _check(places)
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await _dwelling(tx)
        if now.version != expected_version:
            raise SettingsChangedMeanwhile(version=now.version)
        await proxy_safety.refuse_in_safe_mode_in(tx)
        if places == now.places:
            return now
        directive = (await settings_in(tx)).directive
        if widening.moves_somewhere(now.places, places, directive, network_rules()):
            await stepping_up.demand(tx, actor)
        following = Dwelling(now.version + 1, places)
        text = msgspec.json.encode(places).decode()
        await queries.add_residence(tx, following.version, text, actor.account_id)
        said = [msgspec.to_builtins(each) for each in places]
        await access_log.append(
            tx,
            EventName.RESIDENCE_CHANGED,
            detail={"version": following.version, "places": said},
        )
        return following


async def show_from(actor: Actor, data_from: date | None, *, is_undo: bool = False) -> None:
    """Records before `data_from` stay out of reach from now on; None shows earlier ones too.

    An undo takes the day of the version before instead. Raises `NotADay`, and `NotFound` for
    whoever does not take part.
    """
    if data_from is not None and data_from > clock.today_in_japan():
        raise NotADay
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await queries.current(tx)
        if now is None or now["state"] != "participating":
            raise NotFound
        if is_undo:
            before = await queries.participation(tx, now["participation_version"] - 1)
            if before is None or before["state"] != "participating":
                raise NotFound
            if await closed.is_of_before_in(tx, before["recorded_at"]):
                raise NotFound
            data_from = before["data_from"]
        if data_from == now["data_from"]:
            return
        following = ParticipationRow(
            "participating", now["terms_version"], data_from, now["joined_at"]
        )
        because = "earlier_shown" if data_from is None else "shown_from"
        await participating.participate_in(tx, actor, following, because=because)


async def _dwelling(tx: Transaction) -> Dwelling:
    row = await queries.current(tx)
    if row is None:
        raise NotFound
    places = msgspec.json.decode(row["residences"], type=tuple[Residence, ...])
    return Dwelling(row["residence_version"], places)


def _check(places: tuple[Residence, ...]) -> None:
    known = {region.code for region in directory.profile().regions}
    if len(places) > MOST_PLACES or len(set(places)) != len(places):
        raise NotAPlace
    if any(each.region not in known for each in places):
        raise NotAPlace
