"""What PostgreSQL keeps of an event's fields: one ciphertext, under the participant's key.

Sealed is `nonce (12) ‖ AES-256-GCM(body)`, its associated data `participant ‖ u32 key version`; the
body is `version (1) ‖ ek ‖ ek_other ‖ u32 length ‖ common ‖ u32 length ‖ told ids ‖ u32 length ‖
untold ids ‖ what else varies`. Texts are one JSON object, deflated from a dictionary: `common`,
which many events share, once for all of them. `about` is not there: its values are columns of the
row.
"""

import os
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION: Final = b"\x01"
NONCE: Final = 12

# What the deflated parts begin from. Part of version 1: a changed letter makes bodies unreadable.
_FEW_WORDS: Final = (
    b'{"other":[],"resources":[{"category":"allergy","count":1,"type":"AllergyIntolerance"},'
    b'{"category":"condition","count":2,"type":"Condition"},{"category":"encounter","count":3,'
    b'"type":"Encounter"},{"category":"imaging","count":4,"type":"ImagingStudy"},{"category":"lab",'
    b'"count":10,"type":"Observation"},{"category":"prescription","count":12,'
    b'"type":"MedicationRequest"}]}'
)
_WORDS: Final = (
    '{"detail":"{\\"actor\\":{\\"name\\":\\"","state":"participating","terms":"","version":,"change":'
    '[{"kind":"facility","facility_id":"","on":true}],"places":[{"region":"","from_on":null,'
    '"until_on":null}],"kind":"callback","reason":"treatment","told":{"until":"'
    '"embargo":null,"on_behalf":null,"way":"{\\"client\\":\\"emr-",\\"emergency\\":null,'
    '\\"facility_seq\\":null,\\"session\\":null}","purpose":"\\"TREAT\\"","profile":"{\\"id\\":\\"'
    '_demo\\",\\"version\\":1}","actor":{"facility":{"en":" Hospital Clinic Pharmacy","id":"019",'
    '"ja":"病院クリニック薬局診療所内科医院"},"id":"019","kind":"participant support operator '
    'professional system","name":"佐藤 田中","profession":"physician nurse pharmacist"},"basis":{'
    '"asked":["MedicationRequest","Observation","Condition","AllergyIntolerance","Encounter",'
    '"Immunization","DiagnosticReport","Patient"],"basis":{"data_from":"202","facility_id":"019",'
    '"filter":{"by":"network_default","outcome":"permit"},"level":1,"category":"prescription lab '
    'condition allergy imaging vitals","participation":"unanswered withdrawn refused lapsed",'
    '"profession":"physician","professional_id":"019","profile_id":"_demo","profile_version":1,'
    '"purpose_of_use":"TREAT","recipient":{"by":"nothing_matches","outcome":"deny"},"recipient":'
    '{"by":"provision","outcome":"permit","provision":{"axis":"recipient","facility_id":"019",'
    '"id":1,"kind":"permit","origin":"scheme","set_at":"2026-12-01T00:00:00.000000Z"}},'
    '"settings_version":1,"step":"own_record participation recipient granted"},"text":{"en":'
    '"because you allowed  to see your records (version  of your settings, )","ja":'
    '"あなたが「」に記録を見せると決めているためです（設定の第1版、2026年11月1日）。参加していないため見せていません"},'
    '"versions":{"decided_at":"2026-12-01T00:00:00.000000Z","ends_at":null,"participation":1,'
    '"residence":0,"standing":"1.1"}}'
).encode()


def deflated(fields: Mapping[str, str]) -> bytes:
    """Texts by name, for `seal`; worth keeping where many events have them in common."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _WORDS)
    return packing.compress(_joined(fields)) + packing.flush()


class Body(NamedTuple):
    """`common` as `deflated` made it; ids are 16 bytes each; `varying` holds texts by name."""

    ek: bytes
    ek_other: bytes
    common: bytes
    told_ids: bytes
    untold_ids: bytes
    varying: Mapping[str, str]


class Opened(NamedTuple):
    """All that was sealed, as text; `told_ids` and `untold_ids` as in `Body`."""

    ek: bytes
    ek_other: bytes
    texts: dict[str, str]
    told_ids: bytes
    untold_ids: bytes


def seal(cipher: AESGCM, participant: UUID, key_version: int, body: Body) -> bytes:
    common, told, untold = body.common, body.told_ids, body.untold_ids
    plain = b"".join(
        (
            VERSION,
            body.ek,
            body.ek_other,
            len(common).to_bytes(4),
            common,
            len(told).to_bytes(4),
            told,
            len(untold).to_bytes(4),
            untold,
            _briefly(_joined(body.varying)),
        )
    )
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, plain, participant.bytes + key_version.to_bytes(4))


def unseal(cipher: AESGCM, participant: UUID, key_version: int, sealed: bytes) -> Opened:
    """Raises `InvalidTag` for another key, another participant, or a changed byte."""
    plain = cipher.decrypt(
        sealed[:NONCE], sealed[NONCE:], participant.bytes + key_version.to_bytes(4)
    )
    if plain[:1] != VERSION:
        raise ValueError(f"a body of version {plain[0]}")
    parts, at = [], 65
    for _ in range(3):
        end = at + 4 + int.from_bytes(plain[at : at + 4])
        parts.append(plain[at + 4 : end])
        at = end
    common, told, untold = parts
    shared = zlib.decompressobj(-15, _WORDS).decompress(common)
    varying = zlib.decompressobj(-10, _FEW_WORDS).decompress(plain[at:])
    texts = _divided(shared) | _divided(varying)
    return Opened(plain[1:33], plain[33:65], texts, told, untold)


@lru_cache(1024)
def _briefly(text: bytes) -> bytes:
    """For a few words, mostly the same ones: a window of 1 kB costs a tenth of what 32 kB do."""
    packing = zlib.compressobj(6, zlib.DEFLATED, -10, 1, zlib.Z_DEFAULT_STRATEGY, _FEW_WORDS)
    return packing.compress(text) + packing.flush()


def _joined(fields: Mapping[str, str]) -> bytes:
    return ("{" + ",".join([f'"{name}":{text}' for name, text in fields.items()]) + "}").encode()


def _divided(joined: bytes) -> dict[str, str]:
    raw: dict[str, Any] = msgspec.json.decode(joined, type=dict[str, msgspec.Raw])
    return {name: bytes(text).decode() for name, text in raw.items()}
