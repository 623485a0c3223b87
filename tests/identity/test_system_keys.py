"""A facility's system publishes its keys itself: fetched with care, kept, and asked for anew."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import pytest_asyncio

from api.core.actor import OPERATOR
from api.core.errors import NotFound
from api.identity.enrolling import intake
from api.identity.errors import TokenRequestRefused
from api.identity.tokens import system_keys, systems
from api.identity.tokens.system_keys import BadKeys
from tests.attacks.conftest import System
from tests.portal import scene


class Publisher:
    """Where a system keeps its key set, on a real socket."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.body: bytes = b""
        self.location = ""
        self.goes_on = threading.Event()
        self.goes_on.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                outer.goes_on.wait()
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("location", outer.location)
                self.end_headers()
                try:
                    self.wfile.write(outer.body)
                except OSError:
                    return

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def holds(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": list(keys)}).encode()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    system_keys.forget()
    yield made
    made.goes_on.set()
    made.server.shutdown()
    made.server.server_close()
    system_keys.forget()


@pytest_asyncio.fixture
async def emr(database, publisher: Publisher) -> System:
    """Its keys stand at the publisher, not here."""
    place = await scene.place("こぶし内科", "コブシナイカ", "Kobushi Clinic", "clinic")
    await scene.left(place)
    system = System(f"emr-{time.monotonic_ns()}", place, {"subject_name": "佐藤 健一"})
    await intake.add_system(
        OPERATOR,
        place.facility_id,
        client_id=system.client_id,
        name="EMR",
        jwks_uri=publisher.url,
    )
    publisher.holds(system.jwk)
    return system


async def test_keys_are_fetched_once_and_kept(emr: System, publisher: Publisher):
    for _ in range(3):
        assert await emr.token()
    assert publisher.asked == 1


async def test_a_new_key_works_at_once_and_the_old_one_no_more(emr: System, publisher: Publisher):
    old = emr.assertion()
    await emr.token()
    other = System(emr.client_id, emr.place, emr.person)
    publisher.holds(other.jwk | {"kid": "2027"})

    def signed() -> str:
        return systems.jwt.encode(
            other.claims(), other.key, algorithm="ES256", headers={"kid": "2027"}
        )

    with pytest.raises(TokenRequestRefused):  # asked half a minute ago at most
        await _ask(signed())
    system_keys._asked_at.clear()
    assert await _ask(signed())
    with pytest.raises(TokenRequestRefused):
        await _ask(old)
    assert publisher.asked == 2


async def test_unknown_keys_do_not_make_us_ask_without_end(emr: System, publisher: Publisher):
    await emr.token()
    for number in range(20):
        forged = systems.jwt.encode(
            emr.claims(), emr.key, algorithm="ES256", headers={"kid": f"x{number}"}
        )
        with pytest.raises(TokenRequestRefused):
            await _ask(forged)
    assert publisher.asked == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 500},
        {"status": 302, "location": "http://127.0.0.1:1/"},
        {"body": b"<html>"},
        {"body": b'{"keys": {}}'},
        {"body": b'{"keys": ' + b"[" * 50_000},
        {"body": b" " * 70_000 + b'{"keys": []}'},
    ],
    ids=["fails", "redirects", "no_json", "no_list", "deep", "large"],
)
async def test_what_is_no_key_set_gives_no_token(emr: System, publisher: Publisher, changed):
    for name, value in changed.items():
        setattr(publisher, name, value)
    with pytest.raises(TokenRequestRefused):
        await emr.token()


async def test_a_place_that_does_not_answer_does_not_hold_us(
    emr: System, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
):
    publisher.goes_on.clear()  # as long as we wait, and longer
    for seconds in (0.3, 3, 30):  # until this machine is quick enough to ask within it
        system_keys.forget()
        monkeypatch.setattr(system_keys, "TIMEOUT", seconds)
        with pytest.raises(TokenRequestRefused):
            await emr.token()
        if publisher.asked:
            break
    assert publisher.asked


async def test_known_keys_serve_while_the_place_is_away_but_not_for_ever(
    emr: System, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
):
    await emr.token()
    publisher.status = 503
    system_keys._asked_at.clear()
    monkeypatch.setattr(system_keys, "KEPT_FOR", -1.0)
    assert await emr.token()
    monkeypatch.setattr(system_keys, "KEPT_UNANSWERED", -1.0)
    with pytest.raises(TokenRequestRefused):
        await emr.token()


async def test_an_assertion_cannot_say_where_its_key_is(emr: System, publisher: Publisher):
    elsewhere = Publisher()
    thief = System(emr.client_id, emr.place, emr.person)
    elsewhere.holds(thief.jwk)
    headers = {"kid": f"{emr.client_id}-1", "jku": elsewhere.url}
    forged = systems.jwt.encode(thief.claims(), thief.key, algorithm="ES256", headers=headers)
    with pytest.raises(TokenRequestRefused):
        await _ask(forged)
    assert elsewhere.asked == 0
    named = headers | {"jku": publisher.url}
    assert await _ask(systems.jwt.encode(emr.claims(), emr.key, "ES256", headers=named))
    elsewhere.server.shutdown()
    elsewhere.server.server_close()


async def test_keys_by_file_change_at_once_and_an_ended_system_gets_nothing(emr: System):
    other = System(emr.client_id, emr.place, emr.person)
    given = json.dumps({"keys": [other.jwk]})
    await intake.change_system_keys(OPERATOR, emr.client_id, jwks=given)
    with pytest.raises(TokenRequestRefused):
        await emr.token()
    assert await other.token()
    await intake.end_system(OPERATOR, emr.client_id)
    with pytest.raises(TokenRequestRefused):
        await other.token()
    for deed in (
        intake.end_system(OPERATOR, emr.client_id),
        intake.change_system_keys(OPERATOR, emr.client_id, jwks=given),
    ):
        with pytest.raises(NotFound):
            await deed


def _public(**changed: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in (System("x", None, {}).jwk | changed).items()  # type: ignore[arg-type]
        if value is not None
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"keys": []}',
        '{"keys": [1]}',
        json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "1", "alg": "HS256"}]}),
        json.dumps({"keys": [_public(kid=None)]}),
        json.dumps({"keys": [_public(alg="ES512")]}),
        json.dumps({"keys": [_public(), _public()]}),
        json.dumps({"keys": [_public() | {"d": "x"}]}),
    ],
    ids=[
        "empty", "no_keys", "list", "none", "number", "shared_secret", "no_kid", "other_alg",
        "same_kid", "private",
    ],
)  # fmt: skip
def test_a_key_set_is_looked_at_before_it_is_registered(text: str):
    with pytest.raises(BadKeys):
        system_keys.checked_jwks(text)


@pytest.mark.parametrize(
    ("uri", "is_good"),
    [
        ("https://emr.example.jp/jwks.json", True),
        ("http://localhost:8080/jwks.json", True),
        ("http://[::1]/jwks.json", True),
        ("http://emr.example.jp/jwks.json", False),
        ("http://localhost.example.jp/jwks.json", False),
        ("https://user:secret@emr.example.jp/jwks.json", False),
        ("https://emr.example.jp/jwks.json#x", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://emr.example.jp:x/", False),
        ("", False),
    ],
)
def test_keys_are_fetched_over_https_or_from_this_machine(uri: str, is_good: bool):
    if is_good:
        assert system_keys.checked_uri(uri) == uri
    else:
        with pytest.raises(BadKeys):
            system_keys.checked_uri(uri)


async def _ask(assertion: str) -> str:
    issued = await systems.issue_token(
        "client_credentials", systems.ASSERTION_TYPE, assertion, "system/*.read"
    )
    return issued.access_token
