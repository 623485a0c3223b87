"""A facility's system, its assertions and tokens: replayed, forged, borrowed, or out of date."""

import asyncio
import json
import secrets
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa

from api.consent import service as consent
from api.consent.settings.switches import SetFacility
from api.core import runtime
from api.fhir.codes import CARD
from api.identity.tokens import systems
from tests.attacks.conftest import System, World, session_of
from tests.attacks.test_ugly_input import ask_token
from tests.records import shapes


async def refused(client: httpx.AsyncClient, assertion: str) -> None:
    answer = await ask_token(client, assertion)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text
    assert "access_token" not in answer.text


async def test_an_assertion_serves_once(client: httpx.AsyncClient, world: World):
    assertion = world.emr.assertion()
    assert (await ask_token(client, assertion)).status_code == 200
    await refused(client, assertion)


async def test_two_at_once_with_one_assertion_get_one_token(
    client: httpx.AsyncClient, world: World
):
    assertion = world.emr.assertion()
    answers = await asyncio.gather(*(ask_token(client, assertion) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_a_jti_serves_once_even_in_another_assertion(client: httpx.AsyncClient, world: World):
    jti = secrets.token_hex(8)
    assert (await ask_token(client, world.emr.assertion(jti=jti))).status_code == 200
    await refused(client, world.emr.assertion(jti=jti))
    # a jti belongs to its client: nobody can use up another's
    assert (await ask_token(client, world.hospital_emr.assertion(jti=jti))).status_code == 200


NOW = systems.time.time


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://evil.example/oauth/token"},
        {"aud": "http://localhost:8000/fhir/R4"},
        {"aud": "http://localhost:8000"},
        {"aud": []},
        {"aud": None},
        {"exp": int(NOW()) - 1},
        {"exp": int(NOW()) + 3600},
        {"exp": int(NOW()) + 10**12},
        {"exp": "x"},
        {"exp": str(int(NOW()) + 200)},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"exp": [1]},
        {"exp": None},
        {"iat": None},
        {"iat": int(NOW()) + 3600},
        {"iat": "x"},
        {"iat": float("inf")},
        {"nbf": int(NOW()) + 3600},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 256},
        {"jti": 5},
        {"jti": ["a"]},
        {"iss": None},
        {"iss": "somebody"},
        {"sub": None},
        {"sub": "somebody"},
    ],
    ids=",".join,
)
async def test_an_assertion_with_a_wrong_claim_is_refused(
    client: httpx.AsyncClient, world: World, changed: dict[str, Any]
):
    system = world.emr
    payload = json.dumps(system.claims(**changed)).encode()
    headers = {"kid": f"{system.client_id}-1"}
    await refused(client, jwt.PyJWS().encode(payload, system.key, "ES256", headers=headers))


async def test_a_jti_with_a_nul_is_refused(client: httpx.AsyncClient, world: World):
    answer = await ask_token(client, world.emr.assertion(jti="a\x00b"))
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        "x",
        1,
        {"ihe_iua": []},
        {"ihe_iua": {"person_id": "x"}},
        {"ihe_iua": {"subject_name": 5}},
        {"ihe_iua": {"purpose_of_use": None}},
        {"ihe_iua": {"person_id": {"a": 1}}},
    ],
    ids=str,
)
async def test_a_malformed_acting_person_is_refused(
    client: httpx.AsyncClient, world: World, extensions: Any
):
    answer = await ask_token(client, world.emr.assertion(extensions=extensions))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def _part(content: Any) -> str:
    return jwt.utils.base64url_encode(json.dumps(content).encode()).decode()


def _pem(system: System) -> bytes:
    return system.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _hmac_signed(system: System, key: bytes) -> str:
    """PyJWT itself refuses to sign with a public key; an attacker's library does not."""
    text = f"{_part({'alg': 'HS256', 'kid': f'{system.client_id}-1'})}.{_part(system.claims())}"
    signed = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        text.encode(), key
    )
    return f"{text}.{jwt.utils.base64url_encode(signed).decode()}"


async def test_a_signature_of_another_kind_or_key_is_refused(
    client: httpx.AsyncClient, world: World
):
    system, other = world.emr, world.hospital_emr
    kid = f"{system.client_id}-1"
    stranger = generate_private_key(SECP256R1())
    good = system.assertion()
    head, body, signature = good.split(".")
    for assertion in (
        # alg none, in every spelling
        *(f"{_part({'alg': alg, 'kid': kid})}.{body}." for alg in ("none", "None", "NONE", "")),
        *(f"{_part({'alg': alg, 'kid': kid})}.{body}.{signature}" for alg in ("none", "HS256")),
        # the public key as an HMAC secret
        _hmac_signed(system, _pem(system)),
        _hmac_signed(system, json.dumps(system.jwk).encode()),
        # a key of somebody else's
        jwt.encode(system.claims(), stranger, "ES256", headers={"kid": kid}),
        jwt.encode(system.claims(), other.key, "ES256", headers={"kid": kid}),
        jwt.encode(
            system.claims(), other.key, "ES256", headers={"kid": f"{other.client_id}-1"}
        ),
        jwt.encode(
            system.claims(), generate_rsa(65537, 2048), "RS256", headers={"kid": kid}
        ),
        # a key the assertion brings along, or names
        jwt.encode(
            system.claims(),
            stranger,
            "ES256",
            headers={
                "kid": kid,
                "jwk": jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key(), as_dict=True),
                "jku": "https://evil.example/jwks",
                "x5u": "https://evil.example/x5u",
            },
        ),
        # no kid, or a strange one
        jwt.encode(system.claims(), system.key, "ES256"),
        jwt.encode(system.claims(), system.key, "ES256", headers={"kid": ""}),
        jwt.encode(system.claims(), system.key, "ES256", headers={"kid": "../../dev/null"}),
        jwt.encode(system.claims(), system.key, "ES256", headers={"kid": "' OR '1'='1"}),
        # cut, exchanged, or critical
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{_part(system.claims())}.{signature}",
        f"{good}.x",
        jwt.encode(
            system.claims(), system.key, "ES256", headers={"kid": kid, "crit": ["x"], "x": 1}
        ),
        "",
    ):  # fmt: skip
        await refused(client, assertion)
    assert (await ask_token(client, good)).status_code == 200


@pytest.mark.parametrize("scope", ["", "system/*.*", "openid", "user/*.read", "system/*.read x"])
async def test_no_scope_beyond_those_served(client: httpx.AsyncClient, world: World, scope: str):
    answer = await ask_token(client, world.emr.assertion(), scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_an_unknown_system_and_a_wrong_key_are_answered_alike(
    client: httpx.AsyncClient, world: World
):
    stranger = System("emr-nobody", world.clinic, {})
    wrong = System(world.emr.client_id, world.clinic, {})
    answers = [await ask_token(client, each.assertion()) for each in (stranger, wrong)]
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].content == answers[1].content


# Access tokens


async def read(client: httpx.AsyncClient, token: str, path: str) -> httpx.Response:
    return await client.get(f"/fhir/R4/{path}", headers={"authorization": f"Bearer {token}"})


async def test_an_access_token_that_is_not_ours_or_no_longer_opens_nothing(
    client: httpx.AsyncClient, world: World
):
    token = await world.emr.token()
    head, body, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    signing, headers = runtime.keys().token_signing, {"typ": "at+jwt"}

    def signed(**changed: Any) -> str:
        given = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(given, signing, "EdDSA", headers=headers)

    hospital = str(world.hospital.facility_id)
    public = signing.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw
    )
    text = f"{_part({'alg': 'HS256', 'typ': 'at+jwt'})}.{body}"
    sha256 = jwt.algorithms.HMACAlgorithm.SHA256
    hmac = jwt.algorithms.HMACAlgorithm(sha256).sign(text.encode(), public)
    for bad in (
        f"{head}.{_part(claims | {'facility': hospital})}.{signature}",
        f"{head}.{_part(claims | {'scope': 'system/*.write'})}.{signature}",
        f"{head}.{body}.",
        f"{_part({'alg': 'none'})}.{body}.",
        f"{text}.{jwt.utils.base64url_encode(hmac).decode()}",
        signed(aud="http://localhost:8000/"),
        signed(aud="https://evil.example/fhir/R4"),
        signed(aud=None),
        signed(iss="https://evil.example"),
        signed(exp=claims["iat"] - 1),
        signed(exp=None),
        signed(facility=None),
        signed(facility="x"),
        world.emr.assertion(),
        await session_of(world.sato),
        "x",
    ):
        answer = await read(client, bad, "Condition?patient=x")
        assert answer.status_code == 401, bad
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await read(client, token, "Condition?patient=x")).status_code == 200


async def test_a_token_is_good_for_its_own_five_minutes_only(
    client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
):
    """Also when it was verified, and remembered, before."""
    token = await world.emr.token()
    assert (await read(client, token, "Condition?patient=x")).status_code == 200
    later = systems.time.time() + systems.TOKEN_SECONDS + 1

    class Later:
        time = staticmethod(lambda: later)

    monkeypatch.setattr(systems, "time", Later)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == systems.TOKEN_SECONDS <= 300
    assert systems._known[token].expires_at < later
    systems._known[token] = systems._known[token]._replace(expires_at=later - 1)
    monkeypatch.setattr(jwt.api_jwt, "datetime", _clock_at(later))
    assert (await read(client, token, "Condition?patient=x")).status_code == 401


def _clock_at(seconds: float) -> Any:
    from datetime import datetime

    class At(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(seconds, tz)

    return At


async def test_a_token_for_one_thing_does_not_do_the_other(client: httpx.AsyncClient, world: World):
    reads, writes = await world.emr.token(), await world.emr.token("system/*.write")
    assert (await read(client, writes, "Condition?patient=x")).status_code == 401
    answer = await client.post(
        "/fhir/R4", json=shapes.condition(), headers={"authorization": f"Bearer {reads}"}
    )
    assert answer.status_code == 401


async def test_a_token_in_the_address_or_a_form_is_not_read(
    client: httpx.AsyncClient, world: World
):
    token = await world.emr.token()
    answer = await client.get(f"/fhir/R4/Condition?patient=x&access_token={token}")
    assert answer.status_code == 401


LOOKS = {
    "search": "MedicationRequest?patient={taro}",
    "by card": "MedicationRequest?patient.identifier={card}",
    "one record": "MedicationRequest/{record}",
    "the person": "Patient/{taro}",
    "the person by card": "Patient?identifier={card}",
}
GONE = {
    "facility": "UPDATE facility SET is_active = false WHERE facility_id = $1",
    "professional": "UPDATE professional SET is_active = false WHERE facility_id = $1",
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("who", GONE)
async def test_whoever_left_the_network_is_turned_away_at_the_next_look(
    client: httpx.AsyncClient, own_world: World, admin: asyncpg.Connection, who: str, look: str
):
    """With a token still good, and after a look that was served."""
    path = LOOKS[look].format(
        taro=own_world.taro.participant_id,
        record=own_world.record_id,
        card=f"{CARD}|{own_world.card.digits}",
    )
    await _not_its_own(own_world, admin)
    token = await own_world.hospital_emr.token()
    before = await read(client, token, path)
    assert before.status_code == 200
    assert before.json().get("total") != 0
    await admin.execute(GONE[who], own_world.hospital.facility_id)
    after = await read(client, token, path)
    assert after.status_code == 404 or after.json()["total"] == 0, after.text
    assert "entry" not in after.text


async def _not_its_own(world: World, admin: asyncpg.Connection) -> None:
    """What a facility wrote itself it may always read: here another wrote it."""
    await admin.execute(
        "UPDATE record SET source_facility_id = $1 WHERE participant_id = $2",
        world.clinic.facility_id,
        world.taro.participant_id,
    )
    await admin.execute(
        "DELETE FROM facility_patient WHERE participant_id = $1", world.taro.participant_id
    )


@pytest.mark.parametrize("look", LOOKS)
async def test_whoever_is_no_longer_let_in_is_turned_away_at_the_next_look(
    client: httpx.AsyncClient, own_world: World, admin: asyncpg.Connection, look: str
):
    path = LOOKS[look].format(
        taro=own_world.taro.participant_id,
        record=own_world.record_id,
        card=f"{CARD}|{own_world.card.digits}",
    )
    await _not_its_own(own_world, admin)
    token = await own_world.hospital_emr.token()
    assert (await read(client, token, path)).json().get("total") != 0
    off = SetFacility(own_world.hospital.facility_id, on=False)
    await consent.change(own_world.taro, [off], expected_version=1)
    after = await read(client, token, path)
    assert after.status_code == 404 or after.json()["total"] == 0


async def test_a_system_whose_client_was_closed_gets_no_new_token(
    client: httpx.AsyncClient, own_world: World, admin: asyncpg.Connection
):
    await admin.execute(
        "UPDATE system_client SET is_active = false WHERE client_id = $1", own_world.emr.client_id
    )
    await refused(client, own_world.emr.assertion())


async def test_a_facility_that_left_writes_nothing(
    client: httpx.AsyncClient, own_world: World, admin: asyncpg.Connection
):
    token = await own_world.emr.token("system/*.write")
    await admin.execute(
        "UPDATE facility SET is_active = false WHERE facility_id = $1",
        own_world.clinic.facility_id,
    )
    about = {"reference": f"Patient/{own_world.taro.participant_id}"}
    answer = await client.post(
        "/fhir/R4",
        json=shapes.condition(subject=about),
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403


async def test_a_professional_of_another_facility_lends_no_right(
    client: httpx.AsyncClient, own_world: World, admin: asyncpg.Connection
):
    """The hospital is let in; its system names the clinic's doctor as the one who acts."""
    await _not_its_own(own_world, admin)
    borrowed = own_world.hospital_emr
    borrowed.person = own_world.emr.person
    token = await borrowed.token()
    answer = await read(client, token, f"MedicationRequest?patient={own_world.taro.participant_id}")
    assert answer.json()["total"] == 0
