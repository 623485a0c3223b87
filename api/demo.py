"""The demo network: its cast, facilities and records, seeded once into a database of its own."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from api import demo_outbox, demo_provider
from api.consent import service as consent
from api.consent.lifecycle import participating, schemes
from api.consent.settings.switches import SetFacility
from api.core import clock, runtime
from api.core.actor import OPERATOR, Actor, ActorKind, Power
from api.core.database import unit_of_work
from api.core.ids import uuid7
from api.core.settings import SettingFault, Settings
from api.directory import registry
from api.directory import service as directory
from api.directory.registry import NewFacility
from api.identity import closed, demo_door
from api.identity.card import CardNumber, issue
from api.identity.enrolling import intake
from api.identity.enrolling.insurance import Insurance
from api.identity.national import service as national
from api.identity.national.login import Proof, Purpose
from api.identity.tokens import systems
from api.proxies import counter as proxy_counter
from api.proxies.rules import cooling_off
from api.records.demo_records import demo_bundles, demo_patient_number
from api.records.incoming import service as ingest
from api.records.incoming.plan import plan
from api.records.parse import encode

AUDITOR = "監査担当（デモ）"  # a desk, no person
DESK = ("中央総合病院 管理担当", "チュウオウソウゴウビョウイン カンリタントウ")  # likewise
# No insurer has this number: 99 stands for no law.
INSURANCE = Insurance("99999997", "デモ", "12345", "01")
CLINIC, HOSPITAL, PHARMACY = "4311234566", "4312345676", "4343456787"

FACILITIES = (
    NewFacility(
        CLINIC,
        "さくら内科クリニック",
        "サクラナイカクリニック",
        "Sakura Internal Medicine Clinic",
        "clinic",
        "kumamoto_kamimashiki",
    ),
    NewFacility(
        HOSPITAL,
        "中央総合病院",
        "チュウオウソウゴウビョウイン",
        "Chuo General Hospital",
        "hospital",
        "kumamoto_kamimashiki",
    ),
    NewFacility(
        PHARMACY,
        "あおば薬局",
        "アオバヤッキョク",
        "Aoba Pharmacy",
        "pharmacy",
        "kumamoto_kamimashiki",
    ),
    NewFacility(
        "4334567897",
        "みどり歯科医院",
        "ミドリシカイイン",
        "Midori Dental Clinic",
        "dental_clinic",
        "aso",
    ),
    NewFacility(
        "4365678909",
        "ひまわり訪問看護ステーション",
        "ヒマワリホウモンカンゴステーション",
        "Himawari Visiting Nursing",
        "visiting_nursing",
        "aso",
    ),
    NewFacility(
        "4376789010",
        "やすらぎ介護センター",
        "ヤスラギカイゴセンター",
        "Yasuragi Care Centre",
        "care_facility",
        "amakusa",
    ),
    NewFacility(
        "4387890122",
        "東地域包括支援センター",
        "ヒガシチイキホウカツシエンセンター",
        "Higashi Community Support Centre",
        "community_support",
        "amakusa",
    ),
)

_ROLES = {
    "sato": "医師・クリニック / physician, clinic",
    "ito": "薬剤師・薬局 / pharmacist",
    "mori": "救急医・病院 / ER physician, hospital",
    "ueda": "サポートセンター / support centre",
    "second": "サポートセンターの二人目 / its second officer",
    "auditor": "履歴の監査 / audit of the access log",
    "desk": "病院の管理担当 / administrator of the hospital",
    "hanako": "参加者 / participant",
    "yumi": "花子さんの娘 / Hanako's daughter",
    "taro": "85歳の参加者 / participant, 85",
}
_BIRTHS = {
    "hanako": (date(1968, 5, 3), "female"),
    "yumi": (date(1995, 9, 14), "female"),
    "taro": (date(1941, 2, 11), "male"),
}


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


async def seed(home: Path, *, with_books: bool = False) -> None:
    """Writes the whole demo, `with_books` what its people wrote themselves too. Raises
    `SettingFault` on a database that is not a demo's."""
    await demo_door.declare_deployment(is_demo=True)
    clinics = {each.code: await registry.add_facility(OPERATOR, each) for each in FACILITIES}
    _point(home, clinics[CLINIC], make=True)
    for code, facility_id in clinics.items():
        await _add_system(home, code, facility_id)
    cast = [
        await _professional("sato", "佐藤 健一", "サトウ ケンイチ", "physician", clinics[CLINIC]),
        await _professional("ito", "伊藤 美咲", "イトウ ミサキ", "pharmacist", clinics[PHARMACY]),
        await _professional("mori", "森 大輔", "モリ ダイスケ", "physician", clinics[HOSPITAL]),
        await _officer("ueda", "上田 恵子", "ウエダ ケイコ"),
        await _officer("second", "第二 担当", "ダイニ タントウ"),
        await _officer("auditor", AUDITOR, "カンサタントウ", kind="auditor"),
        await _administrator("desk", *DESK, clinics[HOSPITAL]),
        await _participant("hanako", "山本 花子", "ヤマモト ハナコ", "10000000000001"),
        await _participant("yumi", "山本 由美", "ヤマモト ユミ", "10000000000002"),
        await _participant("taro", "山本 太郎", "ヤマモト タロウ", "10000000000003"),
    ]
    for person in cast:
        if person.key in ("hanako", "taro") and not await _has_left(person):
            await _join(person)
    hanako = next(person for person in cast if person.key == "hanako")
    version = (await consent.settings(_as(hanako))).directive.version
    clinic = SetFacility(clinics[CLINIC], on=True)
    await consent.change(_as(hanako), [clinic], expected_version=version)
    await _records(cast, clinics)
    await _proxies(cast)
    if with_books:
        from api import demo_books

        await demo_books.fill({each.key: _as(each) for each in cast if each.role == "participant"})
    # On paper once more, in other characters: for an officer to look into.
    born, sex = _BIRTHS["taro"]
    twice = intake.Paper("山本 多朗", "ヤマモト タロウ", sex, born)
    await intake.admit(OPERATOR, twice, card_of("taro_again"))
    (home / "demo" / "cast.json").write_bytes(msgspec.json.encode(cast))
    _give_cards(home, cast)


async def take_up(home: Path) -> None:
    """From now on `home/demo` is what was seeded into the open database.

    A home may serve one database today and another tomorrow. Raises `SettingFault` when this
    one was not seeded from here, or not to the end.
    """
    async with unit_of_work(OPERATOR) as tx:
        clinics = {each.code: each.facility_id for each in await directory.facilities_in(tx)}
    _point(home, clinics.get(CLINIC))
    people = cast(home)
    _give_cards(home, people)
    await _know_cards(people)


async def tell_hanako(home: Path) -> None:
    """Of her notices, on a phone, a browser and a mailbox of the demo's, unless she has left."""
    person = next(each for each in cast(home) if each.key == "hanako")
    if await _has_left(person):
        return
    await demo_outbox.subscribe(
        Actor(
            kind=ActorKind.PARTICIPANT,
            account_id=person.account_id,
            participant_id=person.person_id,
            name=person.name,
        )
    )


def note_address(settings: Settings) -> None:
    """Where this home's demo is served, for commands that ask it something."""
    (settings.home / "demo" / "address").write_text(settings.public_url)


def address(home: Path) -> str | None:
    """Where this home's demo was served last."""
    try:
        return (home / "demo" / "address").read_text()
    except FileNotFoundError:
        return None


def is_home(home: Path) -> bool:
    return (home / "demo" / "cast.json").exists()


def cast(home: Path) -> list[Cast]:
    if not is_home(home):
        raise _not_from(home)
    return msgspec.json.decode((home / "demo" / "cast.json").read_bytes(), type=list[Cast])


def _give_cards(home: Path, people: list[Cast]) -> None:
    """What the demo's My Number login says of each participant."""
    demo_provider.write_holders(
        home,
        [
            demo_provider.Holder(
                person.key,
                person.name,
                "熊本県上益城郡益城町つなぐ1-2-3",
                f"{born:%Y%m%d}",
                "2" if sex == "female" else "1",
            )
            for person in people
            if person.role == "participant"
            for born, sex in [_BIRTHS[person.key]]
        ],
    )


async def _has_left(person: Cast) -> bool:
    """Whoever tries the demo may close an account in it; the next start opens nothing for it."""
    async with unit_of_work(OPERATOR, subject=person.person_id) as tx:
        return await closed.is_closed_in(tx)


async def _know_cards(people: list[Cast]) -> None:
    """Hanako and Tarō can sign in with their cards; Yumi registers with hers first."""
    login = runtime.settings().national_login
    if login is None or not login.is_demo:
        return
    for person in people:
        if person.key in ("hanako", "taro"):
            sub = demo_provider.sub_of(person.key)
            proof = Proof(Purpose.ADD, login.issuer, sub, login.acr, clock.now())
            await national.add(_as(person), proof)


def _point(home: Path, clinic_id: UUID | None, *, make: bool = False) -> None:
    folder = home / f"demo-{clinic_id}"
    if make:
        folder.mkdir(mode=0o700, parents=True)
    elif not folder.is_dir():
        raise _not_from(home)
    new = home / "demo.new"
    new.unlink(missing_ok=True)
    new.symlink_to(folder.name)
    new.replace(home / "demo")


def _not_from(home: Path) -> SettingFault:
    return SettingFault(
        f"The demo in this database was not seeded from {home}, or a start was cut short while "
        "it was; name an empty database, or the home it was seeded from."
    )


def card_of(key: str) -> CardNumber:
    number = {"hanako": 1, "yumi": 2, "taro": 3, "taro_again": 4}[key]
    return issue(f"{10_000_000_000_000 + number}", directory.profile().card_scheme)


def client_assertion(home: Path, code: str, *, person: dict[str, Any], audience: str) -> str:
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
    path = home / "demo" / f"{code}.pem"
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


async def _professional(key: str, name: str, kana: str, profession: str, facility_id: UUID) -> Cast:
    person_id = await registry.add_professional(
        OPERATOR,
        facility_id,
        name=name,
        name_kana=kana,
        profession=profession,
        trained_on=date(2026, 4, 1),
    )
    return await _account(key, "professional", name, kana, person_id)


async def _officer(key: str, name: str, kana: str, *, kind: str = "support") -> Cast:
    person_id = await registry.add_officer(
        OPERATOR, name=name, name_kana=kana, trained_on=date(2026, 4, 1)
    )
    return await _account(key, kind, name, kana, person_id)


async def _administrator(key: str, name: str, kana: str, facility_id: UUID) -> Cast:
    made, _ = await registry.appoint_administrator(OPERATOR, facility_id, name=name, name_kana=kana)
    return Cast(key, "facility_admin", name, kana, made.account_id, made.administrator_id)


async def _participant(key: str, name: str, kana: str, payload: str) -> Cast:
    birth_on, sex = _BIRTHS[key]
    card = issue(payload, directory.profile().card_scheme)
    paper = intake.Paper(name, kana, sex, birth_on)
    insurance = INSURANCE if key == "hanako" else None
    person_id = await intake.admit(OPERATOR, paper, card, insurance)
    return await _account(key, "participant", name, kana, person_id)


async def _account(key: str, kind: str, name: str, kana: str, person_id: UUID) -> Cast:
    account_id = uuid7()
    await intake.open_account(OPERATOR, account_id=account_id, kind=kind, person_id=person_id)
    return Cast(key, kind, name, kana, account_id, person_id)


async def _join(person: Cast) -> None:
    """Hanako and Tarō joined on paper, at the counter, three years ago."""
    actor = _as(person)
    signed_on = clock.today_in_japan() - timedelta(days=3 * 365)
    async with unit_of_work(actor) as tx:
        await participating.join_in(tx, actor, signed_on=signed_on)
        await schemes.begin_in(tx, actor, None)


async def _proxies(people: list[Cast]) -> None:
    """Yumi acts for Tarō, who has no phone: witnessed at the counter, confirmed a week later."""
    by_key = {person.key: person for person in people}
    second = _officer_as(by_key["second"])
    wish = proxy_counter.Witnessed(
        card_of("taro").digits,
        _BIRTHS["taro"][0],
        card_of("yumi").digits,
        _BIRTHS["yumi"][0],
        "voluntary",
        frozenset({Power.VIEW, Power.LOG, Power.SETTINGS}),
        None,
        "委任状（デモ）",
    )
    week_ago = clock.today_in_japan() - cooling_off(directory.profile().proxies)
    await proxy_counter.witness(_officer_as(by_key["ueda"]), wish, today=week_ago)
    taro = by_key["taro"].person_id
    for each in await proxy_counter.waiting(second):
        if each.participant_id == taro:
            await proxy_counter.confirm(second, taro, each.proxy_id)


def _officer_as(person: Cast) -> Actor:
    return Actor(kind=ActorKind.SUPPORT, account_id=person.account_id, name=person.name)


def _as(person: Cast) -> Actor:
    return Actor(
        kind=ActorKind.PARTICIPANT,
        account_id=person.account_id,
        participant_id=person.person_id,
        name=person.name,
    )


async def _records(people: list[Cast], clinics: dict[str, UUID]) -> None:
    """Each facility's system sends what it wrote, through the same door as everyone's."""
    facilities = [CLINIC, HOSPITAL]
    for person in people:
        if person.role != "participant":
            continue
        for code in facilities:
            await ingest.link_local_id(
                Actor(kind=ActorKind.OPERATOR, facility_id=clinics[code]),
                person.person_id,
                demo_patient_number(person.key, code),
            )
        birth_on, sex = _BIRTHS[person.key]
        for bundle in demo_bundles(person.key, birth_on, sex, facilities, clock.today_in_japan()):
            await ingest.store(
                Actor(kind=ActorKind.SYSTEM, facility_id=clinics[_sender(bundle)]),
                encode(bundle).encode(),
            )


def _sender(bundle: dict[str, Any]) -> str:
    """The institution number of the facility that wrote this Bundle."""
    for item in plan(bundle).items:
        if item.classified.institution is not None:
            return item.classified.institution
    raise LookupError("a demo Bundle names no institution")


async def greeting(settings: Settings) -> str:
    """What the console says: the address, a sign-in link for each person, a card to register."""
    people = cast(settings.home)
    lines = [
        "",
        f"つなぐ / Tsunagu: {settings.public_url}",
        "",
        "サインイン用のリンク（1回だけ使えます） / sign-in links, each works once:",
    ]
    for person in people:
        said = "登録をやめました / closed the account"
        if not await _has_left(person):
            token = await demo_door.make_demo_link(person.account_id)
            said = f"{settings.public_url}/demo/sign-in/{token}"
        lines.append(f"  {person.name}（{_ROLES[person.key]}）: {said}")
    yumi = next(person for person in people if person.key == "yumi")
    if not await _has_left(yumi):
        code = await intake.issue_code(OPERATOR, yumi.person_id)
        card = card_of("yumi")
        lines += [
            "",
            "はじめての登録を試す / try registering, as Yumi:",
            f"  {settings.public_url}/register#card={card.digits}&code={code.text}",
            f"  カード card {card.grouped}",
            f"  生年月日 born {_BIRTHS['yumi'][0]}",
            f"  コード code {code.printed}",
        ]
    lines += [
        "",
        "マイナンバーカードのログインを試す（カードはいりません） / try the My Number login:",
        f"  {settings.public_url}/sign-in",
        "",
        "届いたメールとプッシュ通知 / mails and pushes that arrived:",
        f"  {settings.public_url}{demo_outbox.PAGE}",
        "",
        "Ctrl-C で終わります / stops everything.",
    ]
    return "\n".join(lines)


def fetch_token(settings: Settings, person: str, scope: str) -> str:
    """An access token for the system of this professional's facility, over OAuth itself."""
    known = next(each for each in cast(settings.home) if each.key == person)
    code, profession = {
        "sato": (CLINIC, "physician"),
        "ito": (PHARMACY, "pharmacist"),
        "mori": (HOSPITAL, "physician"),
    }[person]
    endpoint = f"{settings.public_url}/oauth/token"
    assertion = client_assertion(
        settings.home,
        code,
        person={
            "person_id": str(known.person_id),
            "subject_name": known.name,
            "subject_role": profession,
            "purpose_of_use": "TREAT",
        },
        audience=endpoint,
    )
    form = urlencode(
        {
            "grant_type": "client_credentials",
            "client_assertion_type": systems.ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": scope,
        }
    )
    opener = build_opener(ProxyHandler({}))  # this machine is not behind its own proxy
    try:
        with opener.open(Request(endpoint, form.encode(), method="POST"), timeout=10) as answer:  # noqa: S310
            token: str = json.load(answer)["access_token"]
            return token
    except HTTPError as error:
        raise SettingFault(
            f"The server at {settings.public_url} gives no token (status {error.code}); it may "
            "be another demo than the one of this folder."
        ) from error
    except OSError as error:
        raise SettingFault(
            f"No demo answers at {settings.public_url}; start it with `make run` first."
        ) from error
