"""An issuer whose answers a test may bend: real HTTP, one line of truth, and `bent` on top."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from api.core.client_keys import public_jwk
from api.core.crypto import base64url, sha256
from api.identity.national.login import Answer, Begun

CLIENT = "RP00000001"
HANAKO = {"name": "山本　花子", "birthdate": "19400409", "gender": "2", "address": "熊本県"}


class Key:
    def __init__(self) -> None:
        self.private = generate_private_key(SECP256R1())
        self.jwk = public_jwk(self.private)


@dataclass
class Issuer:
    """`claims` and `metadata` are laid over what is true; None takes a member away."""

    url: str = ""
    sub: str = field(default_factory=lambda: secrets.token_hex(8))
    items: dict[str, Any] = field(default_factory=lambda: dict(HANAKO))
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: Key = field(default_factory=Key)
    published: list[Key] | None = None
    algorithm: str = "ES256"
    token_status: int = 200
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def consent(self, begun: Begun) -> Answer:
        """Hanako holds up her card: what the redirect brings back."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(begun.url).query).items()}
        code = secrets.token_urlsafe(16)
        self.asked[code] = asked
        return Answer(asked["state"], code, self.url)

    def discovery(self) -> dict[str, Any]:
        return _laid(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/certs",
                "authorization_response_iss_parameter_supported": True,
            },
            self.metadata,
        )

    def tokens(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.forms.append(form)
        asked = self.asked.pop(form["code"], None)  # a code serves once
        if asked is None or self.token_status != 200:
            return max(self.token_status, 400), {"error": "invalid_grant"}
        if base64url(sha256(form["code_verifier"].encode())) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now, access = int(time.time()), secrets.token_urlsafe(8)
        claims = _laid(
            {
                "iss": self.url,
                "sub": self.sub,
                "aud": CLIENT,
                "iat": now,
                "exp": now + 300,
                "auth_time": now,
                "nonce": asked["nonce"],
                "acr": "aal3",
                "at_hash": base64url(sha256(access.encode())[:16]),
            },
            self.claims,
        )
        signing: Any = self.key.private if self.algorithm == "ES256" else "x" * 32
        header = {"kid": self.key.jwk["kid"]} | self.header
        token = jwt.encode(claims, signing, algorithm=self.algorithm, headers=header)
        return 200, {"id_token": token, "access_token": access, "token_type": "Bearer"}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.seen.append(path)
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.discovery()
            case "/certs":
                return 200, {"keys": [key.jwk for key in self.published or [self.key]]}
            case "/token":
                return self.tokens(form)
            case "/userinfo":
                return 200, _laid({"sub": self.sub} | self.items, self.info)
        return 404, {}


def _laid(truth: dict[str, Any], bent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (truth | bent).items() if value is not None}


@contextmanager
def serving_issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*issuer.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: value[0] for name, value in parse_qs(body).items()}
            self._say(*issuer.answer(self.path, form))

        def _say(self, status: int, what: dict[str, Any]) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Tests have their own words."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
