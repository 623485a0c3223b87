"""Keys become words, times become a Japanese clock's."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api.core.i18n import LOCALES, catalogue, day, has_text, moment, text
from web_portal.templating import TEMPLATES_DIR

# Who acts for somebody, as glossary.md says it: 代わりの方 to participants and their families,
# 代理人 to officers and clinicians. 法定代理人 is the law's own word, everybody's.
_STAFF = ("support.", "counter.proxies", "emergency.ties.", "error.emergency.represents")
_NOT_FOR_STAFF = re.compile("代理(?!人)|代行|[代替か]わりの(?:人|方|者)")
_NOT_FOR_PARTICIPANTS = re.compile("(?<!法定)代理|代行|[替か]わりの(?:人|方|者)|代わりの(?:人|者)")


def other_word(key: str, said: str) -> bool:
    """Whether a Japanese text calls a proxy otherwise than its readers know them."""
    words = _NOT_FOR_STAFF if key.startswith(_STAFF) else _NOT_FOR_PARTICIPANTS
    return words.search(said) is not None


def test_a_text_takes_its_parameters_in_both_languages() -> None:
    assert text("ja", "home.greeting", name="花子") == "花子 さん、こんにちは"
    assert text("en", "home.greeting", name="花子") == "Hello, 花子"


@pytest.mark.parametrize("locale", LOCALES)
def test_an_unknown_key_or_a_forgotten_parameter_is_an_error(locale: str) -> None:
    assert not has_text(locale, "no.such.key")
    with pytest.raises(LookupError):
        text(locale, "no.such.key")
    with pytest.raises(LookupError):
        text(locale, "home.greeting")


def test_braces_in_a_name_are_only_letters() -> None:
    assert text("ja", "home.greeting", name="{key}") == "{key} さん、こんにちは"


def test_an_evening_in_utc_is_the_next_morning_in_japan() -> None:
    at = datetime(2026, 5, 2, 23, 30, tzinfo=UTC)
    assert moment("ja", at) == "2026年5月3日(日) 8:30"
    assert moment("en", at) == "Sun 3 May 2026, 8:30"
    assert day("ja", date(2026, 5, 3)) == "2026年5月3日"
    assert day("en", date(2026, 5, 3)) == "3 May 2026"


def test_who_acts_for_somebody_is_called_by_one_word() -> None:
    assert [key for key, said in catalogue("ja").items() if other_word(key, said)] == []


@pytest.mark.parametrize(
    ("key", "said", "is_other"),
    [
        ("proxies.title", "代わりの方", False),
        ("terms.child", "法定代理人の同意", False),
        ("proxies.title", "代わりに手続きをする人", False),
        ("support.proxies.title", "代理人", False),
        ("proxies.title", "代理人", True),
        ("proxies.title", "代理の方", True),
        ("proxies.title", "代わりの人", True),
        ("proxies.title", "替わりの方", True),
        ("counter.deed.proxies", "代理の期限", True),
        ("support.proxies.title", "代わりの方", True),
        ("counter.proxies.go", "代理の方を止める", True),
    ],
)
def test_another_word_for_a_proxy_is_refused(key: str, said: str, is_other: bool) -> None:
    assert other_word(key, said) is is_other


def test_nobody_is_called_you_in_japanese() -> None:
    """It sounds curt, and reads wrong where somebody acts for another."""
    assert [key for key, said in catalogue("ja").items() if "あなた" in said] == []
    assert [path.name for path in TEMPLATES_DIR.rglob("*") if _calls_you(path)] == []


def _calls_you(path: Path) -> bool:
    return path.is_file() and "あなた" in path.read_text(encoding="utf-8")
