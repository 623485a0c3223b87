"""Builds the world once: the demo network, a few dozen events by its own services, sealed, counted,
witnessed; Hanako's phone, and the receipts of Dr Satō's clinic."""

import shutil
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
from litestar import Litestar

from api import demo
from api.access_log import service as access_log
from api.access_log import verifier as v
from api.access_log.events import EventName
from api.access_log.receipts import origin_of
from api.access_log.sealing import publishing, queries
from api.access_log.service import Embargo
from api.access_log.transparency import notes
from api.access_log.witnessing.store import Store
from api.app import create_app
from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from api.core import clock
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.crypto import KeyRing
from api.core.database import unit_of_work
from api.core.provisioning import app_dsn, begin_database, provision
from api.core.settings import DEMO_PROFILE, Settings
from api.directory import service as directory
from api.identity import service as identity
from tests.access_log.tamper.scene import ADDRESS, WITNESSES, Scene, World, copy_database, scene

NAME = "tsunagu_tamper"
PASSWORDS = ("app_password", "migrator_password", "sealer_password", "worker_password")


async def build(server_dsn: str, home: Path, roles: KeyRing) -> tuple[World, Litestar]:
    """`roles` knows the passwords of this server's roles: they belong to the whole cluster."""
    folder = home / "world"
    (folder / "keys").mkdir(parents=True, mode=0o700)
    for each in PASSWORDS:
        getattr(roles, each)
    for path in roles.folder.glob("*.password"):
        shutil.copy2(path, folder / "keys")
    keys = KeyRing(folder / "keys")
    dsn = await begin_database(server_dsn, NAME)
    await provision(dsn, keys)
    settings = Settings(home=folder, database_url=dsn, is_demo=True, public_url=ADDRESS)
    app = create_app(settings, keys, app_dsn(dsn, keys))
    lines = [
        f"{Store(folder / name, name).vkey} http://{name}/witness/v1{mirror}"
        for name, mirror in zip(WITNESSES, (" mirror", ""), strict=True)
    ]
    (folder / publishing.WITNESSES).write_text("\n".join(lines))
    world = World(server_dsn, NAME, folder)
    async with scene(world, app, NAME, folder) as first:
        await _enrol(first)
        await _yesterday(first)
    world.yesterday, world.yesterday_home = f"{NAME}_yesterday", home / "yesterday"
    await copy_database(server_dsn, NAME, world.yesterday)
    shutil.copytree(folder, world.yesterday_home, symlinks=True)
    async with scene(world, app, NAME, folder) as second:
        await _today(second)
    return world, app


async def _enrol(scene: Scene) -> None:
    """Everybody of the demo, their sessions and tokens, and the log's name and key."""
    world = scene.world
    await directory.adopt_profile(DEMO_PROFILE)
    await access_log.prepare()
    await demo.seed(scene.home)
    people = {each.key: each for each in demo.cast(scene.home)}
    world.hanako, world.taro = people["hanako"].person_id, people["taro"].person_id
    for name in ("hanako", "taro"):
        actor = participant(people[name])
        async with unit_of_work(actor) as tx:
            world.sessions[name] = (await identity.open_session(tx, actor)).token
    world.origin = origin_of(ADDRESS, directory.profile().id)
    await queries.fix_origin(scene.sealer, world.origin)
    world.log_key = str(notes.vkey(world.origin, scene.keys.log.current().private))


async def _yesterday(scene: Scene) -> None:
    """Dr Satō reads, and all of it is sealed, counted and witnessed."""
    for person, kind in (
        ("hanako", "MedicationRequest"),
        ("taro", "Observation"),
        ("hanako", "Condition"),
        ("hanako", "Observation"),
        ("taro", "MedicationRequest"),
    ):
        assert (await scene.read(person, kind)).status_code == 200
    await settle(scene)
    world = scene.world
    world.old_bundle = (await fetched(scene)).text
    world.old_size = await scene.admin.fetchval("SELECT max(size) FROM log_checkpoint")
    world.month = await scene.admin.fetchval("SELECT tableoid::regclass::text FROM access_event")


async def _today(scene: Scene) -> None:
    """More of it; in between, her phone looks, and keeps what it saw."""
    world = scene.world
    await scene.read("hanako", "AllergyIntolerance")
    await scene.read("taro", "Condition")
    read = await scene.read("hanako", "MedicationRequest")
    world.target = await _number(scene, read)
    await scene.read("hanako", "Observation")
    hanako = participant(next(each for each in demo.cast(scene.home) if each.key == "hanako"))
    places = {each.code: each.facility_id for each in await _facilities()}
    held = await consent.settings(hanako)
    await consent.change(
        hanako,
        [SetFacility(places[demo.HOSPITAL], on=True)],
        expected_version=held.directive.version,
    )
    world.withheld = await _investigated(world.hanako)
    await scene.read("hanako", "Condition")
    await settle(scene)
    answer = await fetched(scene)
    kept = v.verify_bundle(
        answer.text, [v.parse_vkey(world.log_key)], scene.witness_keys, None, now()
    )
    assert kept.outcome is v.Outcome.VERIFIED, kept.findings
    world.remembered = str(kept.remember)
    world.seen = kept.remember.heads[world.hanako].number
    await scene.read("taro", "AllergyIntolerance")
    await scene.read("hanako", "Observation")
    last = await scene.read("hanako", "MedicationRequest")
    world.last = await _number(scene, last)
    await settle(scene)


async def _number(scene: Scene, answer: httpx.Response) -> int:
    """The place in her log of what this answer is the receipt of."""
    commit = v.parse_receipt(answer.headers["tsunagu-receipt"]).commit
    number: int = await scene.admin.fetchval(
        "SELECT pseq FROM access_event WHERE commit = $1", commit
    )
    return number


async def settle(scene: Scene) -> None:
    scene.world.receipts = list(scene.receipts)
    await scene.seal()
    assert await scene.halted() is None
    assert all(each.fault is None for each in await scene.publish())


async def fetched(scene: Scene, person: str = "hanako") -> httpx.Response:
    answer = await scene.bundle(person)
    assert answer.status_code == 200, answer.text
    return answer


async def _investigated(participant_id: UUID) -> int:
    """An officer of the law asks, and the participant may know of it only later."""
    until = clock.today_in_japan() + timedelta(days=90)
    embargo = Embargo(("about", "actor", "purpose", "detail"), "law_enforcement", until)
    async with unit_of_work(OPERATOR, subject=participant_id) as tx:
        event = await access_log.append(
            tx, EventName.LAW_ENFORCEMENT, detail={"warrant": "2026-17"}, embargo=embargo
        )
    assert event.number is not None
    return event.number


async def _facilities():
    async with unit_of_work(OPERATOR) as tx:
        return await directory.facilities_in(tx)


def participant(person: demo.Cast) -> Actor:
    return Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=person.account_id,
        participant_id=person.person_id,
        name=person.name,
    )


def now() -> int:
    return time.time_ns() // 1000
