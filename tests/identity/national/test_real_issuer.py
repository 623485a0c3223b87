"""Against a certified OpenID provider: what both sides agree on, and what each refuses."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import jwt
import pytest
from msgspec.structs import replace

from api.consent import service as consent
from api.consent.lifecycle import joining
from api.core import runtime
from api.core.ids import uuid7
from api.core.settings import NationalLogin
from api.identity import service as identity
from api.identity.national import login, provider
from api.identity.national import service as national
from api.identity.national.errors import (
    MyNumberRefused,
    MyNumberStopped,
    MyNumberTooWeak,
)
from api.identity.national.login import RETURNS, Purpose
from tests.conftest import Deployment
from tests.identity.conftest import Paper
from tests.identity.national.issuer import CLIENT, HANAKO
from tests.identity.national.real import RealIssuer, real_issuer
from tests.serving import ANSWER_SECONDS

NAME = f"山本 花子{secrets.token_hex(4)}"
PEOPLE = {"hanako": HANAKO | {"name": NAME, "address": {"formatted": "熊本県"}}}


def _client() -> dict[str, Any]:
    return {
        "redirect_uris": [login.redirect_uri(door) for door in RETURNS],
        "jwks": {"keys": provider.client_keys().published()},
    }


@pytest.fixture(scope="module")
def real(database: Deployment) -> Iterator[RealIssuer]:
    with real_issuer(_client(), PEOPLE) as issuer:
        yield issuer


@pytest.fixture
def trusted(real: RealIssuer, database: Deployment) -> Iterator[RealIssuer]:
    _trust(real, database)
    yield real
    runtime.start(database.settings, database.keys)


def _trust(issuer: RealIssuer, database: Deployment) -> None:
    known = NationalLogin(issuer=issuer.url, client_id=CLIENT, acr="aal3")
    runtime.start(replace(database.settings, my_number=known), database.keys)


async def _sub(issuer: RealIssuer) -> str:
    begun = await login.begin(Purpose.SIGN_IN)
    return (await national.finish(begun.token, await issuer.consent(begun))).sub


async def test_hanako_registers_and_signs_in_by_it(
    trusted: RealIssuer, hanako: Paper, admin: asyncpg.Connection
):
    await admin.execute(
        "UPDATE participant SET name = $2 WHERE participant_id = $1", hanako.participant_id, NAME
    )
    begun = await login.begin(Purpose.ENROL)
    proof = await national.finish(begun.token, await trusted.consent(begun))
    assert proof.items
    assert (proof.items.sex, proof.items.address) == ("female", "熊本県")
    ticket = await national.enrol(proof)
    assert ticket
    await joining.accept(ticket.token, consent.terms_in_force())
    await joining.finish_by_my_number(ticket.token)

    begun = await login.begin(Purpose.SIGN_IN, door="app")
    again = await national.finish(begun.token, await trusted.consent(begun), door="app")
    session = await national.sign_in(again)
    assert (await identity.actor_of(session.token)).participant_id == hanako.participant_id


async def test_the_issuers_name_for_hanako_is_ours_alone_and_stays(trusted: RealIssuer):
    subs = {await _sub(trusted) for _ in range(2)}
    assert len(subs) == 1
    assert "hanako" not in subs


async def test_a_step_up_shows_the_card_anew(trusted: RealIssuer):
    hers = uuid7()
    begun = await login.begin(Purpose.STEP_UP, session_id=hers)
    answer = await trusted.consent(begun)
    proof = await national.finish(begun.token, answer, session_id=hers)
    assert proof.purpose is Purpose.STEP_UP


async def test_a_weak_login_is_refused(trusted: RealIssuer):
    begun = await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberTooWeak):
        await national.finish(begun.token, await trusted.consent(begun, "hanako@aal1"))


async def test_who_stops_there_is_told_so(trusted: RealIssuer):
    begun = await login.begin(Purpose.SIGN_IN)
    with pytest.raises(MyNumberStopped):
        await national.finish(begun.token, await trusted.consent(begun, "stop"))


async def test_a_code_got_for_another_login_is_refused_there(trusted: RealIssuer):
    hers, his = await login.begin(Purpose.SIGN_IN), await login.begin(Purpose.SIGN_IN)
    stolen = await trusted.consent(hers)
    answer = (await trusted.consent(his))._replace(code=stolen.code)
    with pytest.raises(MyNumberRefused) as refusal:
        await national.finish(his.token, answer)
    assert refusal.value.reason == "code"


async def test_another_key_after_a_change_is_found_by_its_name(
    trusted: RealIssuer, database: Deployment, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(provider, "LOOK_AGAIN_AFTER", 0.0)
    with real_issuer(_client(), PEOPLE) as before:
        _trust(before, database)
        first = await _sub(before)
    with real_issuer(_client(), PEOPLE, int(before.url.rpartition(":")[2])) as after:
        assert await _sub(after) == first


# Said straight to the token endpoint, as a thief would

VERIFIER = "v" * 43


async def _said(issuer: RealIssuer, **changed: str) -> tuple[int, str]:
    begun = await login.begin(Purpose.SIGN_IN)
    form = {
        "grant_type": "authorization_code",
        "code": (await issuer.consent(begun)).code,
        "redirect_uri": login.redirect_uri("portal"),
        "code_verifier": login._bound("verifier", begun.token),
        "client_id": CLIENT,
        "client_assertion_type": provider.ASSERTION_TYPE,
        "client_assertion": provider.assertion(f"{issuer.url}/token"),
    } | changed
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as http:
        answer = await http.post(f"{issuer.url}/token", data=form)
    return answer.status_code, answer.json().get("error", "")


def _assertion(issuer: RealIssuer, **changed: Any) -> str:
    key, now = provider.client_keys().current(), int(time.time())
    claims = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": f"{issuer.url}/token",
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    } | changed
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.kid})


async def test_a_true_request_is_answered(trusted: RealIssuer):
    assert await _said(trusted) == (200, "")


async def test_a_wrong_verifier_or_address_is_refused(trusted: RealIssuer):
    assert await _said(trusted, code_verifier=VERIFIER) == (400, "invalid_grant")
    elsewhere = login.redirect_uri("app")
    assert await _said(trusted, redirect_uri=elsewhere) == (400, "invalid_grant")


async def test_a_code_serves_once_there_too(trusted: RealIssuer):
    begun = await login.begin(Purpose.SIGN_IN)
    code = (await trusted.consent(begun)).code
    verifier = login._bound("verifier", begun.token)
    assert await _said(trusted, code=code, code_verifier=verifier) == (200, "")
    assert await _said(trusted, code=code, code_verifier=verifier) == (400, "invalid_grant")


async def test_our_own_assertion_serves_once(trusted: RealIssuer):
    assertion = provider.assertion(f"{trusted.url}/token")
    assert (await _said(trusted, client_assertion=assertion))[0] == 200
    assert await _said(trusted, client_assertion=assertion) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changed",
    [{"exp": 1, "iat": 0}, {"aud": "https://elsewhere.example"}, {"iss": "RP00000002"}],
    ids=["expired", "audience", "issuer"],
)
async def test_an_assertion_that_lies_is_refused(trusted: RealIssuer, changed: dict[str, Any]):
    said = await _said(trusted, client_assertion=_assertion(trusted, **changed))
    assert said == (401, "invalid_client")
