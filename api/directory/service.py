"""The network's profile, its facilities and its people."""

import asyncio
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.access_log import service as access_log
from api.core import clock, i18n
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.directory import hiding, queries
from api.directory.profile import NetworkProfile, ProfileFaults, load_profile
from api.fhir.placeless import Instead


class FacilityLine(NamedTuple):
    """One facility as lists show it."""

    facility_id: UUID
    code: str
    name: str
    name_kana: str
    name_en: str
    facility_type: str
    region: str
    is_active: bool
    joined_at: datetime

    def label(self, locale: str) -> str:
        return self.name if locale == "ja" else self.name_en


class PersonLine(NamedTuple):
    """One professional as lists show them, at their facility."""

    professional_id: UUID
    name: str
    name_kana: str
    profession: str
    is_active: bool
    facility_id: UUID
    facility_name: str
    facility_name_en: str
    facility_type: str
    region: str
    facility_joined_at: datetime

    def facility_label(self, locale: str) -> str:
        return self.facility_name if locale == "ja" else self.facility_name_en


class Standing(NamedTuple):
    """A requester as the directory knows them, and the revision of that knowledge."""

    revision: str
    facility_type: str
    region: str
    facility_is_active: bool
    facility_joined_at: datetime
    facility_name: str
    facility_name_en: str
    professional_id: UUID | None
    professional_name: str | None
    profession: str | None
    professional_is_active: bool
    trained_on: date | None
    vouched_until: date | None = None

    def is_at_work(self, on: date) -> bool:
        """Active here, and where the network vouches for the profession, still within its word."""
        is_vouched = self.vouched_until is None or on <= self.vouched_until
        return self.professional_is_active and is_vouched


_KATAKANA = {hiragana: hiragana + 0x60 for hiragana in range(0x3041, 0x3097)}

_BOTH: Final = "*"
LONG: Final = 10_000_000  # characters looked at before others are served meanwhile
_profile: NetworkProfile | None = None
_standings: dict[tuple[UUID, UUID | None], Standing] = {}


def profile() -> NetworkProfile:
    """The profile this process serves; RuntimeError before `adopt_profile`."""
    if _profile is None:
        raise RuntimeError("no network profile was adopted")
    return _profile


async def adopt_profile(path: Path) -> NetworkProfile:
    """Loads the profile file and records its version; a version once recorded never changes.

    Raises `SettingFault` naming every fault with its line, and then nothing is loaded.
    """
    global _profile
    try:
        source = path.read_text("utf-8")  # noqa: ASYNC240 - once, before anyone is served
        loaded = load_profile(source)
    except OSError as error:
        raise SettingFault(
            f"The network profile {path} cannot be read: {error.strerror}."
        ) from error
    except ProfileFaults as faults:
        lines = "\n".join(
            f"  line {fault.line}: {fault.path}: {i18n.text('en', fault.key, **fault.params)}"
            for fault in faults.faults
        )
        raise SettingFault(
            f"The network profile {path} has faults and was not loaded:\n{lines}"
        ) from faults
    async with unit_of_work(OPERATOR) as tx:
        known = await queries.profile_source(loaded.id, loaded.version)
        if known is None:
            await queries.add_profile(tx, loaded.id, loaded.version, source)
        elif known != source:
            raise SettingFault(
                f"The network profile {path} differs from the recorded version {loaded.version}; "
                "raise its version. Nothing was changed."
            )
    _profile = loaded
    access_log.under_profile(loaded.id, loaded.version)
    return loaded


async def profile_of(profile_id: str, version: int) -> NetworkProfile | None:
    """A profile version once adopted here, inside the caller's transaction."""
    if _profile is not None and (_profile.id, _profile.version) == (profile_id, version):
        return _profile
    source = await queries.profile_source(profile_id, version)
    return None if source is None else load_profile(source)


async def facilities(actor: Actor) -> list[FacilityLine]:
    """Every active facility, in kana order."""
    async with unit_of_work(actor) as tx:
        return await facilities_in(tx)


async def facilities_in(tx: Transaction, ids: list[UUID] | None = None) -> list[FacilityLine]:
    """As `facilities`, inside the caller's transaction; by id also those that have left."""
    return [FacilityLine(*row.values()) for row in await queries.facilities(tx, ids)]


async def id_systems_in(tx: Transaction, ids: list[UUID]) -> dict[UUID, str]:
    """The system that the code of each facility is of."""
    rows = await queries.id_systems(tx, ids)
    return {row["facility_id"]: row["id_system"] for row in rows}


async def named(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, FacilityLine]:
    """These facilities by id, those that have left too."""
    async with unit_of_work(actor) as tx:
        return {line.facility_id: line for line in await facilities_in(tx, sorted(set(ids)))}


async def without_names(actor: Actor, text: str) -> str:
    """The text with no facility of this network named, not by an earlier name either.

    Of FHIR resources in it, what may name any other institution is withheld too.
    """
    text, others = await _placeless(text)
    async with unit_of_work(actor) as tx:
        names = [hiding.Named(*row.values()) for row in await queries.facility_names(tx)]
    instead = {each: i18n.text(each, "directory.name_hidden") for each in i18n.LOCALES}
    names += [hiding.Named(_BOTH, each) for each in others]
    instead[_BOTH] = _in_both("directory.name_hidden")
    if len(text) * len(names) < LONG:
        return hiding.without(text, names, instead)
    return await asyncio.to_thread(hiding.without, text, names, instead)


async def _placeless(text: str) -> tuple[str, frozenset[str]]:
    if '"resourceType"' not in text:
        return text, frozenset()
    if len(text) < LONG // 100:
        return hiding.placeless(text, _instead())
    return await asyncio.to_thread(hiding.placeless, text, _instead())


def _instead() -> Instead:
    names = ("name_hidden", "attachment_hidden", "narrative_hidden")
    return Instead(*(_in_both(f"directory.{each}") for each in names))


def _in_both(key: str) -> str:
    """For texts that have no language of their own."""
    return " / ".join(i18n.text(locale, key) for locale in i18n.LOCALES)


async def search(
    actor: Actor,
    words: str,
    *,
    limit: int,
    region: str = "",
    facility_type: str = "",
    first: Sequence[Collection[UUID]] = (),
) -> tuple[list[FacilityLine], int]:
    """Active facilities whose name, kana or English name holds the words, and how many there are.

    Hiragana finds katakana, full width finds half width; nothing typed finds all. `region` takes
    in those that lie in it. Those of the first group come first, then the second's.
    """
    ranked = {each: place for place, group in reversed(list(enumerate(first))) for each in group}
    folded, kana = _folded(words)
    within = list(profile().regions_within(region)) if region else None
    async with unit_of_work(actor) as tx:
        rows = await queries.search(
            tx,
            folded,
            kana,
            limit,
            within,
            facility_type or None,
            (list(ranked), list(ranked.values())),
        )
    return [FacilityLine(*tuple(row)[:-1]) for row in rows], rows[0]["matches"] if rows else 0


async def joined_since(actor: Actor, at: datetime) -> list[FacilityLine]:
    """Active facilities that joined the network after `at`, the newest first."""
    async with unit_of_work(actor) as tx:
        return [FacilityLine(*row.values()) for row in await queries.joined_since(tx, at)]


async def people(actor: Actor, ids: Iterable[UUID]) -> dict[UUID, PersonLine]:
    """These professionals by id, those that have left too."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    async with unit_of_work(actor) as tx:
        return {each.professional_id: each for each in await people_in(tx, wanted)}


async def people_in(tx: Transaction, ids: Sequence[UUID]) -> list[PersonLine]:
    """As `people`, inside the caller's transaction."""
    return [PersonLine(*row.values()) for row in await queries.people(tx, ids)]


async def search_people(
    actor: Actor, words: str, *, limit: int, facility_id: UUID | None = None
) -> tuple[list[PersonLine], int]:
    """Active professionals found as in `search`, spaces in names aside, and how many there are."""
    folded, kana = ("".join(each.split()) for each in _folded(words))
    async with unit_of_work(actor) as tx:
        rows = await queries.search_people(tx, folded, kana, facility_id, limit)
    return [PersonLine(*tuple(row)[:-1]) for row in rows], rows[0]["matches"] if rows else 0


def _folded(words: str) -> tuple[str, str]:
    """As typed but for width and case, and the same in katakana."""
    folded = unicodedata.normalize("NFKC", words).strip().lower()
    return folded, folded.translate(_KATAKANA)


async def colleagues(actor: Actor, words: str, *, limit: int) -> list[PersonLine]:
    """Trained professionals at work elsewhere, by name, kana or facility; no words find nobody."""
    folded, kana = ("".join(each.split()) for each in _folded(words))
    if not folded:
        return []
    today = clock.today_in_japan()
    async with unit_of_work(actor) as tx:
        rows = await queries.colleagues(tx, folded, kana, actor.facility_id, today, limit)
    return [PersonLine(*row.values()) for row in rows]


async def facility_of_code(code: str) -> UUID | None:
    """The facility with this 10-digit code, inside the caller's transaction."""
    return await queries.facility_of_code(code)


async def facilities_of_codes_in(
    tx: Transaction, codes: Iterable[str], *, only_active: bool = False
) -> dict[str, UUID]:
    """Those of these 10-digit codes that this network has, those that have left too."""
    rows = await queries.facilities_of_codes(tx, sorted(set(codes)), only_active)
    return {row["code"]: row["facility_id"] for row in rows}


async def workplace_in(tx: Transaction, professional_id: UUID) -> UUID | None:
    """The facility this professional belongs to."""
    return await queries.workplace(tx, professional_id)


async def workplaces_of_name_in(tx: Transaction, name: str) -> set[UUID]:
    """Where people of this name are at work; spaces do not matter."""
    return set(await queries.workplaces_of_name(tx, "".join(name.split())))


async def standing(actor: Actor) -> Standing:
    """What the directory knows of this professional or system; kept until `forget_standing`.

    A professional counts only at their own facility. Raises `NotFound` for an unknown facility.
    """
    if actor.facility_id is None:
        raise NotFound
    key = (actor.facility_id, actor.professional_id)
    if key not in _standings:
        async with unit_of_work(actor) as tx:
            found = await standing_in(tx, actor)
        if len(_standings) > 10_000:
            _standings.clear()
        _standings[key] = found
    return _standings[key]


async def standing_in(tx: Transaction, actor: Actor) -> Standing:
    """As `standing`, but asked of the database now, inside the caller's transaction."""
    facility_id = actor.facility_id
    row = facility_id and await queries.requester(tx, facility_id, actor.professional_id)
    if not row or facility_id is None:
        raise NotFound
    return _standing(row, facility_id, actor.professional_id)


async def standings_in(
    tx: Transaction, facilities: Iterable[UUID], professionals: Iterable[UUID]
) -> list[tuple[Actor, Standing]]:
    """Each of these facilities' systems, and of these professionals, as a requester."""
    found = []
    for row in await queries.requesters(tx, sorted(facilities), sorted(professionals)):
        facility_id, professional_id = row["facility_id"], row["professional_id"]
        actor = Actor(
            kind=ActorKind.PROFESSIONAL if professional_id else ActorKind.SYSTEM,
            facility_id=facility_id,
            professional_id=professional_id,
        )
        found.append((actor, _standing(row, facility_id, professional_id)))
    return found


async def standing_then(
    tx: Transaction,
    facility_id: UUID,
    professional_id: UUID | None,
    revisions: tuple[int, int],
) -> Standing | None:
    """As the directory stood at these revisions of facility and person; None if it never did."""
    row = await queries.requester_then(tx, facility_id, professional_id, revisions)
    return None if row is None else _standing(row, facility_id, professional_id)


def _standing(row: asyncpg.Record, facility_id: UUID, professional_id: UUID | None) -> Standing:
    is_here = row["professional_facility_id"] == facility_id
    return Standing(
        revision=row["standing"],
        facility_type=row["facility_type"],
        region=row["region"],
        facility_is_active=row["facility_is_active"],
        facility_joined_at=row["facility_joined_at"],
        facility_name=row["name"],
        facility_name_en=row["name_en"],
        professional_id=professional_id,
        professional_name=row["professional_name"],
        profession=row["profession"],
        professional_is_active=row["professional_is_active"] and is_here,
        trained_on=row["trained_on"],
        vouched_until=row["vouched_until"],
    )


def forget_standing(actor: Actor) -> None:
    """Called when PostgreSQL said that what we know of this requester is out of date."""
    if actor.facility_id is not None:
        _standings.pop((actor.facility_id, actor.professional_id), None)
