"""What an ID token must say, one lie at a time, with a clock in hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from api.core.crypto import base64url, sha256
from api.identity.national.id_token import (
    Expected,
    Fault,
    Proved,
    Refused,
    check,
    key_id,
    reaches,
)
from tests.identity.national.issuer import Key

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER, CLIENT, ACCESS = "https://issuer.example", "RP00000001", "an access token"
KEY = Key()
EXPECTED = Expected(issuer=ISSUER, client_id=CLIENT, nonce="n", acr="aal2")
TRUE = {
    "iss": ISSUER,
    "aud": CLIENT,
    "sub": "hanako",
    "nonce": "n",
    "iat": AT,
    "exp": AT + 300,
    "acr": "aal3",
    "at_hash": base64url(sha256(ACCESS.encode())[:16]),
}


def signed(key: Key = KEY, **changed: Any) -> str:
    claims = {name: value for name, value in (TRUE | changed).items() if value is not None}
    return jwt.encode(claims, key.private, algorithm="ES256", headers={"kid": key.jwk["kid"]})


def checked(token: str, expected: Expected = EXPECTED) -> Proved | Refused:
    return check(token, jwt.PyJWK(KEY.jwk, "ES256"), ACCESS, expected, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": [CLIENT]},
        {"azp": CLIENT},
        {"at_hash": None},
        {"nbf": AT},
        {"exp": AT - 59},
        {"iat": AT + 60},
        {"nbf": AT + 60},
        {"iat": AT - 660},
        {"acr": "aal2"},
        {"acr": "aal3 crl"},
    ],
    ids=str,
)
def test_hanako_is_believed(changed: dict[str, Any]):
    assert checked(signed(**changed)) == Proved("hanako", changed.get("acr", "aal3"))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"iss": "https://other.example"}, Fault.ISSUER),
        ({"iss": f"{ISSUER}/"}, Fault.ISSUER),
        ({"iss": None}, Fault.ISSUER),
        ({"aud": "RP00000002"}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "RP00000002"]}, Fault.AUDIENCE),
        ({"aud": []}, Fault.AUDIENCE),
        ({"aud": None}, Fault.AUDIENCE),
        ({"azp": "RP00000002"}, Fault.AUDIENCE),
        ({"nonce": "m"}, Fault.NONCE),
        ({"nonce": None}, Fault.NONCE),
        ({"nonce": ["n"]}, Fault.NONCE),
        ({"sub": None}, Fault.SUBJECT),
        ({"sub": ""}, Fault.SUBJECT),
        ({"sub": "x" * 256}, Fault.SUBJECT),
        ({"sub": "花子"}, Fault.SUBJECT),
        ({"sub": 7}, Fault.SUBJECT),
        ({"exp": AT - 60}, Fault.TIME),
        ({"exp": None}, Fault.TIME),
        ({"exp": str(AT + 300)}, Fault.TIME),
        ({"iat": AT + 61}, Fault.TIME),
        ({"iat": AT - 661}, Fault.TIME),
        ({"iat": None}, Fault.TIME),
        ({"nbf": AT + 61}, Fault.TIME),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, Fault.ACCESS_TOKEN),
    ],
    ids=str,
)
def test_a_lie_is_refused_and_names_nobody(changed: dict[str, Any], fault: Fault):
    assert checked(signed(**changed)) == Refused(fault)


@pytest.mark.parametrize("acr", [None, "", "aal1", "crl", "3", 3, "aal9", ["aal3"]], ids=str)
def test_a_login_weaker_than_asked_for_is_refused_by_name(acr: Any):
    assert checked(signed(acr=acr)) == Refused(Fault.LEVEL, "hanako")


@pytest.mark.parametrize(
    ("given", "wanted", "is_enough"),
    [
        ("aal3", "aal3", True),
        ("aal3", "aal2", True),
        ("aal2", "aal3", False),
        ("aal3 crl", "aal3 crl", True),
        ("aal3", "aal3 crl", False),
        ("crl", "aal1", False),
        ("aal1 aal3", "aal3", True),
        ("xaal3", "aal3", False),
    ],
)
def test_levels_are_compared_and_words_must_stand_there(given: str, wanted: str, is_enough: bool):
    assert reaches(given, wanted) is is_enough


@pytest.mark.parametrize(
    ("auth_time", "fault"),
    [
        (AT, None),
        (AT - 60, None),
        (AT - 61, Fault.NOT_FRESH),
        (None, Fault.NOT_FRESH),
        ("now", Fault.NOT_FRESH),
    ],
)
def test_a_card_shown_before_is_not_shown_just_now(auth_time: Any, fault: Fault | None):
    expected = Expected(issuer=ISSUER, client_id=CLIENT, nonce="n", acr="aal2", fresh_since=NOW)
    found = checked(signed(auth_time=auth_time), expected)
    assert found == (Refused(fault, "hanako") if fault else Proved("hanako", "aal3"))


def test_another_key_is_refused():
    assert checked(signed(Key())) == Refused(Fault.SIGNATURE)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_algorithm_but_es256_is_heard(algorithm: str):
    token = jwt.encode(TRUE, "x" * 32 if algorithm == "HS256" else "", algorithm=algorithm)
    assert key_id(token) is None
    assert checked(token) == Refused(Fault.MALFORMED)


@pytest.mark.parametrize("token", ["", "a.b.c", "é", "." * 9])
def test_nonsense_is_refused(token: str):
    assert key_id(token) is None
    assert checked(token) == Refused(Fault.MALFORMED)


def test_the_clock_that_is_given_is_the_one_that_counts():
    later = NOW + timedelta(seconds=361)
    key = jwt.PyJWK(KEY.jwk, "ES256")
    assert check(signed(), key, ACCESS, EXPECTED, later) == Refused(Fault.TIME)
