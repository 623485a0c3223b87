"""An app of another house: registered by the operator, it knows nothing but the standards."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from api.core import clock
from api.core.actor import OPERATOR
from api.core.crypto import base64url
from api.identity.apps import registry
from api.identity.apps.registry import NewApp
from tests.portal.scene import Visitor, forms, sent

SITE = "http://localhost:8000"
FHIR = f"{SITE}/fhir/R4"
CALLBACK = "https://app.example/callback"
NAME_JA, NAME_EN, PUBLISHER = "おくすり手帳ミドリ", "Midori Medicines", "株式会社みどり"
TOKEN = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class ForeignApp:
    """`key`: a confidential app signs with it. `tokens`: what the token endpoint answered last."""

    http: httpx.AsyncClient
    client_id: str = field(default_factory=lambda: f"app-{secrets.token_hex(5)}")
    redirect_uri: str = CALLBACK
    key: Any = None
    tokens: dict[str, Any] = field(default_factory=dict)
    verifier: str = ""
    state: str = ""

    @property
    def jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return dict(public) | {"kid": "1", "alg": "ES256", "use": "sig"}

    async def register(self, **more: Any) -> None:
        new = NewApp(self.client_id, NAME_JA, NAME_EN, PUBLISHER, [self.redirect_uri], **more)
        await registry.add(OPERATOR, new)

    def asks(self, scope: str = "launch/patient patient/*.rs offline_access", **more: Any) -> str:
        """The address it sends the person to; None among `more` leaves a parameter out."""
        self.verifier, self.state = secrets.token_urlsafe(48), secrets.token_urlsafe(12)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": self.state,
            "aud": FHIR,
            "code_challenge": base64url(hashlib.sha256(self.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        } | more
        return f"/oauth/authorize?{urlencode({k: v for k, v in asked.items() if v is not None})}"

    async def allowed_by(self, who: Visitor, address: str | None = None) -> str:
        """The person presses "allow"; the code."""
        answer = await pressed(who, address or self.asks(), "allow")
        assert answer.status_code == 303, answer.text
        told = answer_of(answer)
        assert told["state"] == self.state
        return told["code"]

    async def token(self, *, headers: dict[str, str] | None = None, **fields: Any):
        form = {"client_id": self.client_id} | fields
        if self.key is not None:
            form |= self.shown()
        form = {name: value for name, value in form.items() if value is not None}
        return await self.http.post("/oauth/token", data=form, headers=headers)

    async def exchange(self, code: str, **more: Any) -> httpx.Response:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        } | more
        answer = await self.token(**fields)
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    async def refresh(self, token: str | None = None, **more: Any) -> httpx.Response:
        fields = {"grant_type": "refresh_token", "refresh_token": token} | more
        fields["refresh_token"] = token or self.tokens["refresh_token"]
        answer = await self.token(**fields)
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer

    async def connect(self, who: Visitor, scope: str | None = None) -> None:
        address = self.asks(scope) if scope else self.asks()
        answer = await self.exchange(await self.allowed_by(who, address))
        assert answer.status_code == 200, answer.text

    async def read(self, path: str, token: str | None = None) -> httpx.Response:
        bearer = token or self.tokens["access_token"]
        return await self.http.get(
            f"/fhir/R4/{path}", headers={"authorization": f"Bearer {bearer}"}
        )

    def shown(self) -> dict[str, str]:
        """How it proves itself at the token endpoint."""
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(),
        }

    def assertion(self, **changed: Any) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{SITE}/oauth/token",
            "exp": now + 120,
            "jti": secrets.token_hex(8),
        } | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "1"})


def with_a_key(http: httpx.AsyncClient) -> ForeignApp:
    return ForeignApp(http, key=generate_private_key(SECP256R1()))


async def pressed(who: Visitor, address: str, answer: str) -> httpx.Response:
    page = await who.get(address)
    assert page.status_code == 200, page.text
    form = next(form for form in forms(page.text) if 'action="/oauth/authorize"' in form)
    action, fields = sent(form)
    return await who.post(action, fields, answer=answer)


def answer_of(answer: httpx.Response) -> dict[str, str]:
    """What the app is told at its own address."""
    parts = urlsplit(answer.headers["location"])
    return dict(parse_qsl(parts.query))


def listed(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r"<li>(.*?)</li>", page)]


def key_set(app: ForeignApp) -> str:
    return json.dumps({"keys": [app.jwk]})
