"""The demo network: its cast, facilities and records, seeded once into a database of its own."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from api.consent import service as consent
from api.consent.switches import SetFacility
from api.core import clock, runtime
from api.core.actor import OPERATOR, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.core.settings import SettingFault
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import intake
from api.identity import service as identity
from api.identity.card import CardNumber, issue
from api.records import ingest
from api.records.demo_records import demo_bundles

CLINIC, HOSPITAL, PHARMACY = "4311234563", "4312345677", "4343456783"

FACILITIES = (
    NewFacility(CLINIC, "さくら内科クリニック", "サクラナイカクリニック", "Sakura Internal Medicine Clinic", "clinic", "kumamoto_kamimashiki"),
    NewFacility(HOSPITAL, "中央総合病院", "チュウオウソウゴウビョウイン", "Chuo General Hospital", "hospital", "kumamoto_kamimashiki"),
    NewFacility(PHARMACY, "あおば薬局", "アオバヤッキョク", "Aoba Pharmacy", "pharmacy", "kumamoto_kamimashiki"),
    NewFacility("4334567892", "みどり歯科医院", "ミドリシカイイン", "Midori Dental Clinic", "dental_clinic", "aso"),
    NewFacility("4365678901", "ひまわり訪問看護ステーション", "ヒマワリホウモンカンゴステーション", "Himawari Visiting Nursing", "visiting_nursing", "aso"),
    NewFacility("4376789010", "やすらぎ介護センター", "ヤスラギカイゴセンター", "Yasuragi Care Centre", "care_facility", "amakusa"),
    NewFacility("4387890129", "東地域包括支援センター", "ヒガシチイキホウカツシエンセンター", "Higashi Community Support Centre", "community_support", "amakusa"),
)  # fmt: skip


class Cast(NamedTuple):
    """One person of the demo; `key` is what the console and the tests call them."""

    key: str
    role: str
    name: str
    name_kana: str
    account_id: UUID
    person_id: UUID


async def is_seeded() -> bool:
    async with unit_of_work(OPERATOR) as tx:
        return bool(await directory.facilities_in(tx))


async def seed(home: Path) -> None:
    """Writes the whole demo. Raises `SettingFault` on a database that is not a demo's."""
    await identity.declare_deployment(is_demo=True)
    clinics = {each.code: await registry.add_facility(OPERATOR, each) for each in FACILITIES}
    for code, facility_id in clinics.items():
        await _add_system(home, code, facility_id)
    cast = [
        await _professional("sato", "佐藤 健一", "サトウ ケンイチ", "physician", clinics[CLINIC]),
        await _professional("ito", "伊藤 美咲", "イトウ ミサキ", "pharmacist", clinics[PHARMACY]),
        await _professional("mori", "森 大輔", "モリ ダイスケ", "physician", clinics[HOSPITAL]),
        await _officer("ueda", "上田 恵子", "ウエダ ケイコ"),
        await _participant("hanako", "山本 花子", "ヤマモト ハナコ", "female", date(1968, 5, 3), "10000000000001"),
        await _participant("yumi", "山本 由美", "ヤマモト ユミ", "female", date(1995, 9, 14), "10000000000002"),
        await _participant("taro", "山本 太郎", "ヤマモト タロウ", "male", date(1941, 2, 11), "10000000000003"),
    ]  # fmt: skip
    for person in cast:
        if person.key in ("hanako", "taro"):
            await _join(person)
    hanako = next(person for person in cast if person.key == "hanako")
    await consent.change(
        _as(hanako), [SetFacility(clinics[CLINIC], on=True)], expected_version=0
    )
    await _records(cast, clinics)
    (home / "demo").mkdir(mode=0o700, exist_ok=True)
    (home / "demo" / "cast.json").write_bytes(msgspec.json.encode(cast))


def cast(home: Path) -> list[Cast]:
    path = home / "demo" / "cast.json"
    if not path.exists():
        raise SettingFault(f"{path} is missing: this database was not seeded from here.")
    return msgspec.json.decode(path.read_bytes(), type=list[Cast])


def card_of(key: str) -> CardNumber:
    number = {"hanako": 1, "yumi": 2, "taro": 3}[key]
    return issue(f"{10_000_000_000_000 + number}", directory.profile().card_scheme)


def client_assertion(
    home: Path, code: str, *, person: dict[str, Any], audience: str
) -> str:
    """What a demo facility's system signs to get a token (RFC 7523 with IHE IUA claims)."""
    key = serialization.load_pem_private_key((home / "demo" / f"{code}.pem").read_bytes(), None)
    now = clock.now()
    return jwt.encode(
        {
            "iss": f"emr-{code}",
            "sub": f"emr-{code}",
            "aud": audience,
            "iat": now,
            "exp": now + timedelta(minutes=4),
            "jti": str(uuid7()),
            "extensions": {"ihe_iua": person},
        },
        key,  # type: ignore[arg-type]
        algorithm="ES256",
        headers={"kid": f"emr-{code}-1"},
    )


async def _add_system(home: Path, code: str, facility_id: UUID) -> None:
    key = generate_private_key(SECP256R1())
    folder = home / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{code}.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    await intake.add_system(
        OPERATOR,
        facility_id,
        client_id=f"emr-{code}",
        name="EMR",
        jwks=json.dumps({"keys": [_jwk(key, f"emr-{code}-1")]}),
    )


def _jwk(key: EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    public: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return public | {"kid": kid, "alg": "ES256", "use": "sig"}


async def _professional(
    key: str, name: str, kana: str, profession: str, facility_id: UUID
) -> Cast:
    person_id = await registry.add_professional(
        OPERATOR,
        facility_id,
        name=name,
        name_kana=kana,
        profession=profession,
        trained_on=date(2026, 4, 1),
    )
    return await _account(key, "professional", name, kana, person_id)


async def _officer(key: str, name: str, kana: str) -> Cast:
    person_id = await registry.add_officer(OPERATOR, name=name, name_kana=kana)
    return await _account(key, "support", name, kana, person_id)


async def _participant(
    key: str, name: str, kana: str, sex: str, birth_on: date, payload: str
) -> Cast:
    card = issue(payload, directory.profile().card_scheme)
    person_id = await intake.admit(OPERATOR, intake.Paper(name, kana, sex, birth_on), card)
    return await _account(key, "participant", name, kana, person_id)


async def _account(key: str, kind: str, name: str, kana: str, person_id: UUID) -> Cast:
    account_id = uuid7()
    await intake.open_account(OPERATOR, account_id=account_id, kind=kind, person_id=person_id)
    return Cast(key, kind, name, kana, account_id, person_id)


async def _join(person: Cast) -> None:
    """Hanako and Tarō joined on paper, at the counter."""
    actor = _as(person)
    async with unit_of_work(actor) as tx:
        await consent.join_in(tx, actor)


def _as(person: Cast) -> Actor:
    return Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=person.account_id,
        participant_id=person.person_id,
        name=person.name,
    )


async def _records(people: list[Cast], clinics: dict[str, UUID]) -> None:
    raise NotImplementedError
