"""How each person is told: by which way of which kind, when not, in which language, and whether a
month is summed up. The inbox has every notice whatever is chosen.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core import i18n
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from notifications.choices import queries
from notifications.choices.errors import (
    EmergenciesAreTold,
    NoSuchHours,
    NoSuchLanguage,
    NotForAProxy,
)
from notifications.kinds import Kind
from notifications.planning import OWN_TO_CHOOSE, USUAL_QUIET, WAYS, Quiet, Way, is_usual

DEVICES: Final = "device"
# An emergency may be told by one of these instead of the other.
_EITHER: Final[dict[str, Way]] = {"push": "mail", "mail": "push"}


class Manner(NamedTuple):
    """`is_quiet`: nothing rings within `quiet`. `locale`: None for each device's own."""

    is_quiet: bool = True
    quiet: Quiet = USUAL_QUIET
    locale: str | None = None
    wants_digest: bool = True


class Preferences(NamedTuple):
    """`wanted` has every kind and way, chosen or usual."""

    wanted: Mapping[Kind, Mapping[Way, bool]]
    manner: Manner


class Turn(NamedTuple):
    """A kind goes by a way from now on, or no longer."""

    kind: Kind
    way: Way
    is_on: bool


class Wish(NamedTuple):
    """What is None stays as it is. `language`: a locale, or `DEVICES` for each device's own."""

    turns: tuple[Turn, ...] = ()
    is_quiet: bool | None = None
    quiet: Quiet | None = None
    language: str | None = None
    wants_digest: bool | None = None


async def mine(actor: Actor) -> Preferences:
    async with unit_of_work(actor) as tx:
        return await _mine_in(tx)


def is_own(actor: Actor, kind: Kind) -> bool:
    """Whether this is for the actor to choose."""
    return not actor.is_proxy or kind not in OWN_TO_CHOOSE


async def change(actor: Actor, wish: Wish) -> Preferences:
    """From the next notice on: all of it or nothing. Wishing what stands changes nothing.

    Raises `EmergenciesAreTold`, `NotForAProxy`, `NoSuchHours` and `NoSuchLanguage`.
    """
    if wish.language not in (None, DEVICES, *i18n.LOCALES):
        raise NoSuchLanguage
    if wish.quiet is not None and wish.quiet.start == wish.quiet.end:
        raise NoSuchHours
    if not all(is_own(actor, turn.kind) for turn in wish.turns):
        raise NotForAProxy
    async with unit_of_work(actor) as tx:
        await queries.lock(tx)
        now = await _mine_in(tx)
        # What is turned on first: of an emergency one way may take the place of another.
        for turn in sorted(wish.turns, key=lambda each: not each.is_on):
            now = await _turn(tx, now, turn)
        await _set(tx, now.manner, _following(now.manner, wish))
        return await _mine_in(tx)


async def _turn(tx: Transaction, now: Preferences, turn: Turn) -> Preferences:
    if now.wanted[turn.kind][turn.way] == turn.is_on:
        return now
    if turn.kind is Kind.EMERGENCY and not turn.is_on:
        other = _EITHER.get(turn.way)
        if other is None or not now.wanted[turn.kind][other]:
            raise EmergenciesAreTold
    await queries.choose(tx, turn.kind, turn.way, is_on=turn.is_on)
    await _log(tx, f"notices.said.{'on' if turn.is_on else 'off'}", turn.kind, turn.way)
    return await _mine_in(tx)


def _following(now: Manner, wish: Wish) -> Manner:
    language = now.locale if wish.language is None else wish.language
    return Manner(
        now.is_quiet if wish.is_quiet is None else wish.is_quiet,
        wish.quiet or now.quiet,
        None if language == DEVICES else language,
        now.wants_digest if wish.wants_digest is None else wish.wants_digest,
    )


async def _set(tx: Transaction, now: Manner, wish: Manner) -> None:
    if wish == now:
        return
    await queries.set_manner(
        tx,
        is_quiet=wish.is_quiet,
        quiet_from=wish.quiet.start,
        quiet_until=wish.quiet.end,
        locale=wish.locale,
        wants_digest=wish.wants_digest,
    )
    changed = {
        "notices.said.quiet": (now.is_quiet, now.quiet) != (wish.is_quiet, wish.quiet),
        "notices.said.language": now.locale != wish.locale,
        "notices.said.digest": now.wants_digest != wish.wants_digest,
    }
    for key in [key for key, is_so in changed.items() if is_so]:
        await _log(tx, key)


async def _mine_in(tx: Transaction) -> Preferences:
    chosen = {(row["kind"], row["channel"]): row["is_on"] for row in await queries.choices(tx)}
    row = await queries.manner(tx)
    manner = Manner()
    if row is not None:
        quiet = Quiet(row["quiet_from"], row["quiet_until"])
        manner = Manner(row["is_quiet"], quiet, row["locale"], row["wants_digest"])
    return Preferences(
        {
            kind: {way: chosen.get((kind, way), is_usual(kind, way)) for way in WAYS}
            for kind in Kind
        },
        manner,
    )


async def _log(tx: Transaction, key: str, kind: Kind | None = None, way: str = "") -> None:
    said = {}
    for locale in i18n.LOCALES:
        words = {}
        if kind is not None:
            words["kind"] = i18n.text(locale, f"notices.kind.{kind}.name")
            words["way"] = i18n.text(locale, f"notices.way.{way}")
        said[locale] = i18n.text(locale, key, **words)
    await access_log.append(tx, EventName.NOTICES_CHOSEN, detail={"told": {"what": said}})
