"""An operator lets a facility into the network: its administrator, and its system's keys."""

import json
import re
import secrets
from pathlib import Path

import pytest

from api import demo
from api.core.actor import ActorKind
from api.identity import service as identity
from api.identity.staff import invitations
from tests.attacks.conftest import System
from tests.cli.console import environment, tsunagu
from tests.conftest import Deployment
from tests.identity.authenticator import Authenticator
from tests.identity.conftest import some_address
from tests.serving import free_port

NEW = ("--name", "白川病院", "--kana", "シラカワビョウイン", "--name-en", "Shirakawa Hospital")


@pytest.fixture
def env(database: Deployment, people: dict[str, demo.Cast]) -> dict[str, str]:
    home = database.settings.home
    return environment(home, free_port(), APP_DATABASE_URL=database.app_dsn)


def done(*arguments: str, env: dict[str, str]) -> str:
    answer = tsunagu(*arguments, env=env)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def refused(*arguments: str, env: dict[str, str]) -> str:
    answer = tsunagu(*arguments, env=env)
    assert answer.returncode == 2
    assert "Nothing was changed" in answer.stderr
    assert "Traceback" not in answer.stderr
    return answer.stderr


async def test_a_facility_joins_with_an_administrator_and_a_system(
    env: dict[str, str], tmp_path: Path
):
    code = f"43{secrets.randbelow(10**8):08}"
    place = (*NEW, "--type", "hospital", "--region", "aso")
    assert code in done("facility", "add", "--code", code, *place, env=env)
    assert "already" in refused("facility", "add", "--code", code, *place, env=env)
    assert f"{code}  hospital" in done("facility", "list", env=env)
    named = ("--name", "管理担当", "--kana", "カンリタントウ")
    said = done("facility", "administrator", "appoint", "--facility", code, *named, env=env)
    administrator = re.search(r"[0-9a-f-]{36}", said)
    typed = re.search(r"code ([0-9A-Z-]{15})", said)
    assert administrator
    assert typed
    again = done("facility", "administrator", "invite", administrator[0], env=env)
    lost = typed[1]
    typed = re.search(r"code ([0-9A-Z-]{15})", again)
    assert typed
    assert typed[1] != lost
    ticket = (await invitations.begin(typed[1], some_address())).token
    made = Authenticator().create(await invitations.passkey_options(ticket))
    session = await invitations.finish(ticket, made)
    assert (await identity.actor_of(session.token)).kind is ActorKind.FACILITY_ADMIN
    refused("facility", "administrator", "invite", administrator[0], env=env)
    done("facility", "administrator", "end", administrator[0], env=env)
    assert (await identity.actor_of(session.token)).kind is ActorKind.ANONYMOUS
    refused("facility", "administrator", "end", administrator[0], env=env)
    listed = done("facility", "administrator", "list", "--facility", code, env=env)
    assert "ended" in listed
    emr = System(f"emr-{code}", None, {"subject_name": "佐藤 健一"})  # type: ignore[arg-type]
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [emr.jwk]}))
    adding = ("system", "add", emr.client_id, "--facility", code, "--name", "EMR")
    done(*adding, "--jwks", str(keys), env=env)
    assert await emr.token()
    assert "already" in refused(*adding, "--jwks", str(keys), env=env)
    other = System(emr.client_id, None, emr.person)  # type: ignore[arg-type]
    keys.write_text(json.dumps({"keys": [other.jwk]}))
    done("system", "keys", emr.client_id, "--jwks", str(keys), env=env)
    assert await other.token()
    assert "may export" in done("system", "export", emr.client_id, "allow", env=env)
    assert "may not" in done("system", "export", emr.client_id, "deny", env=env)
    done("system", "end", emr.client_id, env=env)
    refused("system", "export", emr.client_id, "allow", env=env)
    refused("system", "end", emr.client_id, env=env)


async def test_an_officer_and_an_auditor_join_and_go(env: dict[str, str]):
    ueda = ("officer", "add", "上田 恵子", "--kana", "ウエダ ケイコ")
    assert "trained" in refused(*ueda, env=env)
    assert "trained" in refused(*ueda, "--trained-on", "2999-01-01", env=env)
    refused("officer", "add", "", "--kana", "ウエダ", "--trained-on", "2026-04-01", env=env)
    for adding, kind in (
        ((*ueda, "--trained-on", "2026-04-01"), ActorKind.SUPPORT),
        (("officer", "add", "監査担当", "--kana", "カンサ", "--auditor"), ActorKind.AUDITOR),
    ):
        said = done(*adding, env=env)
        officer = re.search(r"[0-9a-f-]{36}", said)
        assert officer
        again = done("officer", "invite", officer[0], env=env)
        typed = re.search(r"code ([0-9A-Z-]{15})", again)
        assert typed
        assert typed[1] not in said
        ticket = (await invitations.begin(typed[1], some_address())).token
        who = await invitations.invited(ticket)
        assert (who.kind, who.facility_id) == (kind, None)
        made = Authenticator().create(await invitations.passkey_options(ticket))
        session = await invitations.finish(ticket, made)
        assert (await identity.actor_of(session.token)).kind is kind
        refused("officer", "invite", officer[0], env=env)
        assert f"{officer[0]}  at work  {kind.value}" in done("officer", "list", env=env)
        done("officer", "end", officer[0], env=env)
        assert (await identity.actor_of(session.token)).kind is ActorKind.ANONYMOUS
        refused("officer", "end", officer[0], env=env)
        assert f"{officer[0]}  ended" in done("officer", "list", env=env)


@pytest.mark.parametrize(
    "changed",
    [
        {"--code": "123"},
        {"--type": "castle"},
        {"--region": "atlantis"},
        {"--name": ""},
    ],
    ids=lambda changed: next(iter(changed))[2:],
)
def test_what_cannot_be_is_refused_in_words(env: dict[str, str], changed: dict[str, str]):
    wish = {
        "--code": "4399999999",
        "--name": "白川病院",
        "--kana": "シラカワビョウイン",
        "--name-en": "Shirakawa Hospital",
        "--type": "hospital",
        "--region": "aso",
    } | changed
    refused("facility", "add", *(part for pair in wish.items() for part in pair), env=env)


def test_a_private_key_or_an_open_address_is_no_systems_key(env: dict[str, str], tmp_path: Path):
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "1"}]}))
    adding = ("system", "add", "emr-x", "--facility", demo.CLINIC, "--name", "EMR")
    refused(*adding, "--jwks", str(keys), env=env)
    refused(*adding, "--jwks-uri", "http://emr.example.jp/jwks.json", env=env)
    elsewhere = ("system", "add", "emr-x", "--facility", "0000000000", "--name", "EMR")
    refused(*elsewhere, "--jwks-uri", "https://emr.example.jp/jwks.json", env=env)
