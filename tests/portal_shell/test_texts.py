"""Keys become words, times become a Japanese clock's."""

from datetime import UTC, date, datetime

import pytest

from api.core.i18n import LOCALES, day, has_text, moment, text


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
