"""What an operator may say of the My Number login, and what stops the start."""

import pytest

from api.core.settings import NationalLogin, SettingFault, from_environment

ISSUER = "https://auth-and-sign.go.jp/api/realms/main"
BOTH = {"MY_NUMBER_ISSUER": ISSUER, "MY_NUMBER_CLIENT_ID": "RP00000001"}


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name in ("MY_NUMBER_ISSUER", "MY_NUMBER_CLIENT_ID", "MY_NUMBER_ACR", "TSUNAGU_DEMO"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("values", "acr"),
    [(BOTH, "aal3"), (BOTH | {"MY_NUMBER_ACR": "aal2 crl"}, "aal2 crl")],
    ids=["plain", "with acr"],
)
def test_an_issuer_is_trusted_as_it_is_named(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], acr: str
):
    _set(monkeypatch, values)
    expected = NationalLogin(issuer=ISSUER, client_id="RP00000001", acr=acr)
    assert from_environment().national_login == expected
    monkeypatch.setenv("TSUNAGU_DEMO", "1")
    assert from_environment().national_login == expected


def test_without_an_issuer_a_demo_brings_its_own_and_nobody_else(monkeypatch: pytest.MonkeyPatch):
    _set(monkeypatch, {})
    assert from_environment().national_login is None
    monkeypatch.setenv("TSUNAGU_DEMO", "1")
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:8123")
    login = from_environment().national_login
    assert login is not None
    assert (login.is_demo, login.issuer) == (True, "http://localhost:8123/demo/my-number")


@pytest.mark.parametrize(
    "values",
    [
        {"MY_NUMBER_ISSUER": ISSUER},
        {"MY_NUMBER_CLIENT_ID": "RP1"},
        BOTH | {"MY_NUMBER_ISSUER": "http://issuer.example"},
        BOTH | {"MY_NUMBER_ISSUER": "issuer.example"},
        BOTH | {"MY_NUMBER_ISSUER": f"{ISSUER}?x=1"},
        BOTH | {"MY_NUMBER_ACR": "high"},
        BOTH | {"MY_NUMBER_ACR": "aal4"},
    ],
    ids=["no client", "no issuer", "http", "no scheme", "query", "no level", "no such level"],
)
def test_what_makes_no_sense_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
):
    _set(monkeypatch, values)
    with pytest.raises(SettingFault, match="MY_NUMBER_"):
        from_environment()
