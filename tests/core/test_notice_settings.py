"""What an operator may say of the ways notices go out, and what stops the start."""

from pathlib import Path

import pytest

from api.core.settings import PUSH_SERVICES, SettingFault, Smtp, from_environment

NAMES = (
    "FCM_CREDENTIALS", "DEMO_FCM_URL", "WEB_PUSH_CONTACT", "PUSH_SERVICES", "SMTP_HOST",
    "SMTP_PORT", "SMTP_TLS", "SMTP_USER", "SMTP_PASSWORD_FILE", "MAIL_FROM", "TSUNAGU_DEMO",
)  # fmt: skip
MAIL = {"SMTP_HOST": "mail.example.jp", "MAIL_FROM": "tsunagu@example.jp"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_without_a_word_nothing_goes_out():
    found = from_environment()
    assert (found.fcm, found.web_push, found.smtp) == (None, None, None)
    assert found.push_services == PUSH_SERVICES


def test_mail_goes_encrypted_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch):
    for name, value in MAIL.items():
        monkeypatch.setenv(name, value)
    assert from_environment().smtp == Smtp(host="mail.example.jp", sender="tsunagu@example.jp")
    monkeypatch.setenv("SMTP_TLS", "tls")
    smtp = from_environment().smtp
    assert smtp is not None
    assert smtp.port == 465


def test_a_password_is_read_from_its_file_and_never_sent_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "password").write_text("geheim\n")
    for name, value in (MAIL | {"SMTP_PASSWORD_FILE": str(tmp_path / "password")}).items():
        monkeypatch.setenv(name, value)
    smtp = from_environment().smtp
    assert smtp is not None
    assert smtp.password == "geheim"
    monkeypatch.setenv("SMTP_TLS", "none")
    with pytest.raises(SettingFault, match="in the clear"):
        from_environment()


def test_where_fcm_is_asked_is_set_in_a_demo_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DEMO_FCM_URL", "http://localhost/x")
    assert from_environment().fcm_url is None
    monkeypatch.setenv("TSUNAGU_DEMO", "1")
    assert from_environment().fcm_url == "http://localhost/x"


@pytest.mark.parametrize(
    "values",
    [
        {"FCM_CREDENTIALS": "/nowhere.json"},
        {"WEB_PUSH_CONTACT": "ops@example.jp"},
        {"SMTP_HOST": "mail.example.jp"},
        MAIL | {"MAIL_FROM": "nobody"},
        MAIL | {"SMTP_TLS": "maybe"},
        MAIL | {"SMTP_PORT": "70000"},
        MAIL | {"SMTP_PASSWORD_FILE": "/nowhere"},
    ],
    ids=lambda values: " ".join(values),
)
def test_what_makes_no_sense_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingFault):
        from_environment()
