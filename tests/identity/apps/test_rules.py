"""What an app may ask for, where it may be answered, and the proof it must bring."""

import hashlib
import secrets

import pytest

from api.core.crypto import base64url
from api.identity.apps import pkce, redirects, scopes

TYPES = ("Observation", "MedicationRequest", "Patient")


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("patient/Observation.rs", ["patient/Observation.rs"]),
        ("patient/*.rs launch/patient", ["patient/*.rs", "launch/patient"]),
        ("patient/*.read offline_access", ["patient/*.read", "offline_access"]),
        # never more than there is, and never more than was asked
        ("patient/*.cruds", ["patient/*.rs"]),
        ("patient/Observation.r", ["patient/Observation.r"]),
        ("patient/Observation.s patient/Observation.s", ["patient/Observation.s"]),
        ("patient/Observation.rs openid fhirUser", ["patient/Observation.rs"]),
        ("patient/Observation.rs patient/Consent.rs", ["patient/Observation.rs"]),
        ("patient/Observation.rs user/*.rs system/*.read", ["patient/Observation.rs"]),
        # nothing to read
        ("", []),
        ("launch/patient offline_access", []),
        ("patient/Observation.cud", []),
        ("patient/Observation.write", []),
        ("patient/Observation.", []),
        ("patient/Observation.sr", []),
        ("patient/Observation.rs?category=lab", []),
        ("patient/observation.rs", []),
        ("patient/AuditEvent.rs", []),
        ("Patient/*.rs", []),
    ],
)
def test_an_app_is_given_what_there_is_and_no_more(asked: str, given: list[str]):
    assert list(scopes.granted(asked, TYPES)) == given


@pytest.mark.parametrize(
    ("scope", "reads", "searches"),
    [
        ("patient/*.rs", True, True),
        ("patient/*.read", True, True),
        ("patient/Observation.read", True, True),
        ("patient/Observation.r", True, False),
        ("patient/Observation.s", False, True),
        ("patient/Condition.rs", False, False),
        ("offline_access", False, False),
    ],
)
def test_a_scope_opens_its_type_and_deed_alone(scope: str, reads: bool, searches: bool):
    assert scopes.allows([scope], "Observation", "r") is reads
    assert scopes.allows([scope], "Observation", "s") is searches
    assert scopes.readable([scope], ["Observation"]) == (("Observation",) * (reads or searches))


@pytest.mark.parametrize(
    ("uri", "is_fit"),
    [
        ("https://app.example/callback", True),
        ("https://app.example:8443/callback?a=1", True),
        ("http://localhost:3000/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://[::1]/callback", True),
        ("jp.example.app:/callback", True),
        ("http://app.example/callback", False),
        ("https://app.example/callback#x", False),
        ("https://user@app.example/callback", False),
        ("https:///callback", False),
        ("https://app.example:x/", False),
        ("https://app.example/ 1", False),
        ("https://app.example/é", False),
        ("https://app.example\\@evil.example/", False),
        ("https://app.example;sandbox/callback", False),
        ("https://'self'/callback", False),
        ("http://[::1].evil.example/callback", False),
        ("myapp:/callback", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("/callback", False),
        ("", False),
        ("https://app.example/" + "x" * 500, False),
    ],
)
def test_only_an_address_of_the_apps_own_is_registered(uri: str, is_fit: bool):
    assert redirects.is_fit(uri) is is_fit


@pytest.mark.parametrize(
    ("given", "registered", "is_same"),
    [
        ("https://app.example/cb", "https://app.example/cb", True),
        ("https://app.example/cb/", "https://app.example/cb", False),
        ("https://app.example/cb?x=1", "https://app.example/cb", False),
        ("https://APP.example/cb", "https://app.example/cb", False),
        ("https://app.example:443/cb", "https://app.example/cb", False),
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1/cb", True),
        ("http://[::1]:51004/cb", "http://[::1]/cb", True),
        ("http://127.0.0.1:51004/other", "http://127.0.0.1/cb", False),
        ("http://localhost:51004/cb", "http://localhost/cb", False),
        ("http://127.0.0.1:51004/cb#x", "http://127.0.0.1/cb", False),
        ("http://x@127.0.0.1:51004/cb", "http://127.0.0.1/cb", False),
        ("http://[::1].evil.example/cb", "http://[::1]/cb", False),
        ("http://evil.example[::1]/cb", "http://[::1]/cb", False),
        ("http://127.0.0.1.evil.example/cb", "http://127.0.0.1/cb", False),
        ("http://127.0.0.1:51004\\@evil.example/cb", "http://127.0.0.1/cb", False),
        ("", "https://app.example/cb", False),
    ],
)
def test_an_address_is_the_registered_one_letter_by_letter(
    given: str, registered: str, is_same: bool
):
    assert redirects.is_registered(given, [registered]) is is_same


def test_a_verifier_fits_its_own_challenge_alone():
    verifier = secrets.token_urlsafe(48)
    challenge = base64url(hashlib.sha256(verifier.encode()).digest())
    assert pkce.is_challenge(challenge)
    assert pkce.fits(challenge, verifier)
    assert not pkce.fits(challenge, verifier + "x")
    assert not pkce.fits(challenge, challenge)
    assert not pkce.fits(verifier, verifier)  # "plain" is not served
    short = "x" * 42
    assert not pkce.fits(base64url(hashlib.sha256(short.encode()).digest()), short)
    assert not pkce.fits(challenge, "あ" * 50)
