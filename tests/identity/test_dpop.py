"""Hanako's app holds a key: its tokens open nothing without it, and each refresh serves once."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.core.crypto import base64url, sha256
from api.identity import service as identity
from api.identity.keys import stepping_up
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import Paper

ADDRESS = "http://localhost:8000"
JWK = dict[str, Any]


class App:
    """An app with a key of its own; `proof` takes what an attacker would change."""

    def __init__(self, http: httpx.AsyncClient, *, alg: str = "ES256") -> None:
        self.http = http
        self.alg = alg
        self.key: Any = (
            generate_private_key(SECP256R1()) if alg == "ES256" else Ed25519PrivateKey.generate()
        )
        self.tokens: JWK = {}

    @property
    def jwk(self) -> JWK:
        kind = jwt.algorithms.ECAlgorithm if self.alg == "ES256" else jwt.algorithms.OKPAlgorithm
        return dict(kind.to_jwk(self.key.public_key(), as_dict=True))

    def proof(self, method: str, path: str, *, token: str | None = None, **changed: Any) -> str:
        header = {"typ": "dpop+jwt", "jwk": self.jwk} | changed.pop("header", {})
        claims = {
            "jti": secrets.token_hex(8),
            "htm": method,
            "htu": f"{ADDRESS}{path}",
            "iat": int(time.time()),
        }
        if token is not None:
            claims["ath"] = base64url(sha256(token.encode()))
        claims = {k: v for k, v in (claims | changed).items() if v is not None}
        return jwt.encode(claims, self.key, algorithm=self.alg, headers=header)

    async def sign_in(self, device: Authenticator) -> httpx.Response:
        assertion = device.get(await identity.sign_in_options())
        answer = await self.http.post(
            "/sessions", json=assertion, headers={"dpop": self.proof("POST", "/sessions")}
        )
        self.tokens = answer.json()
        return answer

    async def refresh(self, token: str | None = None, *, proof: str | None = None):
        return await self.http.post(
            "/sessions/refresh",
            json={"refresh_token": token or self.tokens["refresh_token"]},
            headers={"dpop": proof or self.proof("POST", "/sessions/refresh")},
        )

    async def send(
        self,
        method: str = "GET",
        path: str = "/me",
        *,
        token: str | None = None,
        proof: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        token = token or self.tokens["access_token"]
        headers = {
            "authorization": f"DPoP {token}",
            "dpop": proof or self.proof(method, path.partition("?")[0], token=token),
        }
        return await self.http.request(method, path, headers=headers, **more)


@pytest.fixture
async def device_of_hanako(hanako: Paper, device: Authenticator) -> Authenticator:
    await hanako.register(device)
    return device


@pytest_asyncio.fixture
async def app_of_hanako(client: httpx.AsyncClient, device_of_hanako: Authenticator) -> App:
    app = App(client)
    assert (await app.sign_in(device_of_hanako)).status_code == 201
    return app


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
async def test_an_app_with_a_key_gets_a_pair_and_uses_it(
    client: httpx.AsyncClient, device_of_hanako: Authenticator, alg: str
):
    app = App(client, alg=alg)
    answer = await app.sign_in(device_of_hanako)
    assert answer.json()["token_type"] == "DPoP"
    assert 590 < answer.json()["expires_in"] <= 600
    assert (await app.send()).status_code == 200
    assert (await app.send("GET", "/me/access-log?count=1")).status_code == 200
    (session,) = [e for e in (await app.send(path="/me/sessions")).json() if e["is_current"]]
    assert session["way"] == "passkey"


async def test_without_a_proof_a_session_is_as_it_always_was(
    client: httpx.AsyncClient, device_of_hanako: Authenticator
):
    assertion = device_of_hanako.get(await identity.sign_in_options())
    token = (await client.post("/sessions", json=assertion)).json()["token"]
    bearer = {"authorization": f"Bearer {token}"}
    assert (await client.get("/me", headers=bearer)).status_code == 200
    bound = {"authorization": f"DPoP {token}"}
    assert (await client.get("/me", headers=bound)).status_code == 401


async def test_a_bound_token_is_no_bearer_token_and_no_cookie(app_of_hanako: App):
    for token in (app_of_hanako.tokens["access_token"], app_of_hanako.tokens["refresh_token"]):
        answer = await app_of_hanako.http.get("/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert (await identity.actor_of(token)).account_id is None


BAD: dict[str, Callable[[App, str], str]] = {
    "another method": lambda app, token: app.proof("POST", "/me", token=token),
    "another path": lambda app, token: app.proof("GET", "/me/sessions", token=token),
    "another host": lambda app, token: app.proof(
        "GET", "/me", token=token, htu="https://evil.example/me"
    ),
    "an address that is none": lambda app, token: app.proof(
        "GET", "/me", token=token, htu="http://[localhost:8000/me"
    ),
    "another token": lambda app, token: app.proof("GET", "/me", token=token + "x"),
    "no token": lambda app, token: app.proof("GET", "/me"),
    "too old": lambda app, token: app.proof("GET", "/me", token=token, iat=int(time.time()) - 62),
    "too early": lambda app, token: app.proof("GET", "/me", token=token, iat=int(time.time()) + 62),
    "a time that is none": lambda app, token: app.proof("GET", "/me", token=token, iat="soon"),
    "no jti": lambda app, token: app.proof("GET", "/me", token=token, jti=None),
    "an empty jti": lambda app, token: app.proof("GET", "/me", token=token, jti=""),
    "a long jti": lambda app, token: app.proof("GET", "/me", token=token, jti="x" * 256),
    "another type": lambda app, token: app.proof("GET", "/me", token=token, header={"typ": "JWT"}),
    "no key": lambda app, token: app.proof("GET", "/me", token=token, header={"jwk": None}),
    "a key that is none": lambda app, token: app.proof(
        "GET", "/me", token=token, header={"jwk": {"kty": "EC", "crv": "P-256", "x": "", "y": 1}}
    ),
    "a private key": lambda app, token: app.proof(
        "GET", "/me", token=token, header={"jwk": app.jwk | {"d": "AAAA"}}
    ),
    "another's key": lambda app, token: app.proof(
        "GET", "/me", token=token, header={"jwk": App(app.http).jwk}
    ),
    "no JWT": lambda app, token: "x",
    "unsigned": lambda app, token: jwt.encode(
        {"jti": "1", "htm": "GET", "htu": f"{ADDRESS}/me", "iat": int(time.time())},
        None,
        algorithm="none",
        headers={"typ": "dpop+jwt", "jwk": app.jwk},
    ),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_proof_that_does_not_fit_opens_nothing(app_of_hanako: App, case: str):
    proof = BAD[case](app_of_hanako, app_of_hanako.tokens["access_token"])
    answer = await app_of_hanako.send(proof=proof)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')


async def test_a_proof_comes_once_even_at_the_same_moment(app_of_hanako: App):
    proof = app_of_hanako.proof("GET", "/me", token=app_of_hanako.tokens["access_token"])
    answers = await asyncio.gather(*(app_of_hanako.send(proof=proof) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401, 401]


async def test_a_stolen_token_is_nothing_with_the_thiefs_own_key(app_of_hanako: App):
    thief = App(app_of_hanako.http)
    thief.tokens = app_of_hanako.tokens
    assert (await thief.send()).status_code == 401
    assert (await thief.refresh()).status_code == 401
    # the owner is not thrown out by that
    assert (await app_of_hanako.refresh()).status_code == 200


async def test_a_refresh_gives_a_new_pair_and_retires_the_one_before(app_of_hanako: App):
    before = app_of_hanako.tokens
    after = (await app_of_hanako.refresh()).json()
    assert (await app_of_hanako.send(token=before["access_token"])).status_code == 401
    assert (await app_of_hanako.send(token=after["access_token"])).status_code == 200
    assert after["expires_at"] == before["expires_at"]
    # a refresh token is no access token, nor the other way round
    assert (await app_of_hanako.send(token=after["refresh_token"])).status_code == 401
    assert (await app_of_hanako.refresh(after["access_token"])).status_code == 401


async def test_a_refresh_token_that_comes_again_ends_the_whole_family(
    app_of_hanako: App, admin: asyncpg.Connection
):
    first = app_of_hanako.tokens
    app_of_hanako.tokens = (await app_of_hanako.refresh()).json()
    assert (await app_of_hanako.refresh(first["refresh_token"])).status_code == 401
    assert (await app_of_hanako.send()).status_code == 401
    assert (await app_of_hanako.refresh()).status_code == 401


async def test_of_two_refreshes_at_once_one_wins_and_the_family_ends(app_of_hanako: App):
    answers = await asyncio.gather(*(app_of_hanako.refresh() for _ in range(2)))
    assert sorted(each.status_code for each in answers) == [200, 401]
    (won,) = [each.json() for each in answers if each.status_code == 200]
    assert (await app_of_hanako.send(token=won["access_token"])).status_code == 401
    assert (await app_of_hanako.refresh(won["refresh_token"])).status_code == 401


async def test_tokens_end_with_their_time_and_with_their_session(
    app_of_hanako: App, admin: asyncpg.Connection
):
    token_hash = sha256(app_of_hanako.tokens["access_token"].encode())
    await admin.execute(
        "UPDATE session_token SET expires_at = now() WHERE token_hash = $1", token_hash
    )
    assert (await app_of_hanako.send()).status_code == 401
    app_of_hanako.tokens = (await app_of_hanako.refresh()).json()
    ended = await app_of_hanako.send("DELETE", "/sessions/current")
    assert ended.status_code == 204
    assert (await app_of_hanako.send()).status_code == 401
    assert (await app_of_hanako.refresh()).status_code == 401


async def test_a_step_up_goes_on_with_a_new_pair(
    app_of_hanako: App, device_of_hanako: Authenticator, admin: asyncpg.Connection
):
    before = app_of_hanako.tokens
    listed = (await app_of_hanako.send(path="/me/sessions")).json()
    (current,) = [each["id"] for each in listed if each["is_current"]]
    await admin.execute(
        "UPDATE session SET stepped_up_at = now() - $2::interval WHERE session_id = $1",
        current,
        stepping_up.FRESH_FOR,
    )
    refused = await app_of_hanako.send("POST", "/me/passkeys/options")
    assert refused.status_code == 403
    options = (await app_of_hanako.send("POST", "/me/step-up/options")).json()
    proof = device_of_hanako.get(options)
    app_of_hanako.tokens = (await app_of_hanako.send("POST", "/me/step-up", json=proof)).json()
    assert (await app_of_hanako.send("POST", "/me/passkeys/options")).status_code == 200
    assert (await app_of_hanako.send(token=before["access_token"])).status_code == 401


async def test_no_token_and_no_proof_is_kept_as_it_came(
    app_of_hanako: App, admin: asyncpg.Connection
):
    kept = await admin.fetchval(
        "SELECT string_agg(t::text, ' ') FROM (SELECT t::text FROM session_token t"
        " UNION ALL SELECT s::text FROM session s UNION ALL SELECT p::text FROM dpop_proof p) t"
    )
    for name in ("access_token", "refresh_token"):
        assert app_of_hanako.tokens[name] not in kept


async def test_a_header_with_two_proofs_is_refused(app_of_hanako: App):
    token = app_of_hanako.tokens["access_token"]
    headers = [
        ("authorization", f"DPoP {token}"),
        ("dpop", app_of_hanako.proof("GET", "/me", token=token)),
        ("dpop", app_of_hanako.proof("GET", "/me", token=token)),
    ]
    assert (await app_of_hanako.http.get("/me", headers=headers)).status_code == 401
