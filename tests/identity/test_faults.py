"""Each refusal of typed identity says what happened and what to do next, in both languages."""

import pytest

from api.identity.card import CardFault
from api.identity.enrolling.activation_code import ActivationCodeFault
from api.identity.enrolling.birth_date import BirthDateFault
from tests.messages import LOCALES, message, texts

FAULTS = [*CardFault, *ActivationCodeFault, *BirthDateFault]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("key", FAULTS)
def test_a_fault_has_words_and_a_next_step(key: str, locale: str) -> None:
    assert message(locale, key)
    assert message(locale, f"{key}.next")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_wait_is_told_in_seconds(locale: str) -> None:
    key = "error.enrolment.retry_after"
    assert message(locale, key)
    assert "45" in message(locale, f"{key}.next", {"seconds": 45})


@pytest.mark.parametrize("area", ["identity", "directory"])
def test_both_languages_hold_the_same_messages(area: str) -> None:
    assert texts("ja", area).keys() == texts("en", area).keys()
    assert all(texts("ja", area).values())
    assert all(texts("en", area).values())
