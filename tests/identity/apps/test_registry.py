"""What an operator types is checked, and an app's keys are taken from where it says, or nowhere."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.core.actor import OPERATOR
from api.core.settings import SettingFault
from api.identity.apps import clients, registry
from api.identity.apps.registry import NewApp
from api.identity.errors import TokenRequestRefused
from api.identity.tokens import system_keys
from tests.conftest import Deployment
from tests.identity.apps.foreign import CALLBACK, SITE, ForeignApp, key_set, with_a_key

GOOD = NewApp("app-x", "ミドリ", "Midori", "みどり", [CALLBACK])
KEYS = "https://app.example/keys.json"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "x"},
        {"client_id": "app x"},
        {"name_ja": " "},
        {"name_en": "x" * 61},
        {"publisher": "two\nlines"},
        {"redirect_uris": []},
        {"redirect_uris": ["http://app.example/"]},
        {"redirect_uris": [CALLBACK] * 11},
        {"jwks": "{}"},
        {"jwks": "no JSON"},
        {"jwks": '{"keys": []}'},
        {"jwks": '{"keys": [{"kty": "oct", "k": "AAAA", "alg": "HS256"}]}'},
        {"jwks_url": "http://app.example/keys.json"},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_what_cannot_stand_is_said_and_not_kept(
    database: Deployment, changed: dict[str, Any]
):
    assert not registry.fault_of(GOOD)
    with pytest.raises(SettingFault, match="Nothing was changed"):
        await registry.add(OPERATOR, GOOD._replace(**changed))
    assert "app-x" not in {each.client_id for each in await registry.listed(OPERATOR)}


async def test_a_private_key_is_not_taken(database: Deployment, client: httpx.AsyncClient):
    app = with_a_key(client)
    private = json.dumps({"keys": [app.jwk | {"d": "AAAA"}]})
    with pytest.raises(SettingFault):
        await registry.add(OPERATOR, GOOD._replace(jwks=private))


@pytest_asyncio.fixture
async def served_keys(database: Deployment, monkeypatch: pytest.MonkeyPatch):
    """The app's own server answers what is put here."""
    answers: list[Callable[[], httpx.Response]] = []
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answers[-1]()

    real = httpx.AsyncClient
    monkeypatch.setattr(
        system_keys.httpx,
        "AsyncClient",
        lambda **more: real(**({"transport": httpx.MockTransport(answer)} | more)),
    )
    system_keys.forget()
    return answers, asked


def form(app: ForeignApp) -> dict[str, str]:
    return {"client_assertion_type": TYPE, "client_assertion": app.assertion()}


async def test_keys_are_fetched_kept_and_asked_for_again_when_one_is_new(
    served_keys: Any, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    answers, asked = served_keys
    app = with_a_key(client)
    await app.register(jwks_url=KEYS)
    answers.append(lambda: httpx.Response(200, text='{"keys": [' + json.dumps(other) + "]}"))
    other = with_a_key(client).jwk | {"kid": "older"}
    with pytest.raises(TokenRequestRefused):
        await clients.authenticated(form(app), f"{SITE}/oauth/token")
    assert asked == [KEYS]
    # not asked for again at every attempt
    with pytest.raises(TokenRequestRefused):
        await clients.authenticated(form(app), f"{SITE}/oauth/token")
    assert asked == [KEYS]
    answers.append(lambda: httpx.Response(200, text=key_set(app)))
    monkeypatch.setattr(system_keys, "ASKED_EVERY", 0.0)
    found = await clients.authenticated(form(app), f"{SITE}/oauth/token")
    assert found.client_id == app.client_id
    assert await clients.authenticated(form(app), f"{SITE}/oauth/token")
    assert asked == [KEYS] * 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(302, headers={"location": "https://evil.example/"}),
        lambda: httpx.Response(404),
        lambda: httpx.Response(200, text="no JSON"),
        lambda: httpx.Response(200, text="[]"),
        lambda: httpx.Response(200, text='{"keys": 1}'),
        lambda: httpx.Response(200, text=" " * 100_001),
    ],
    ids=["elsewhere", "absent", "no JSON", "a list", "no keys", "too long"],
)
async def test_no_keys_let_nobody_in(
    served_keys: Any, client: httpx.AsyncClient, answer: Callable[[], httpx.Response]
):
    served_keys[0].append(answer)
    app = with_a_key(client)
    await app.register(jwks_url=KEYS)
    refused = await client.post("/oauth/token", data={"grant_type": "refresh_token", **form(app)})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
