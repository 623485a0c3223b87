"""Every kind of event has its name and its sentence, in both languages."""

import re
from pathlib import Path

import pytest

from api.access_log.events import EventName
from api.access_log.filters import kind_of
from api.core import i18n

API = Path(__file__).parents[2] / "api"
NAMES = re.compile(r"[a-z_]+:[a-z_]+:[a-z_]+")


@pytest.mark.parametrize("event", list(EventName))
@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_it_has_a_sentence(event: EventName, locale: str):
    key = f"event.{event.replace(':', '.')}"
    said = [
        text
        for name, text in i18n.catalogue(locale).items()
        if name == key or name.startswith(f"{key}.")
    ]
    assert said
    assert all(said)


@pytest.mark.parametrize("event", list(EventName))
def test_it_is_named_by_source_subject_and_act_and_can_be_looked_for(event: EventName):
    assert NAMES.fullmatch(event)
    assert kind_of(event)


def test_every_event_is_written_by_something():
    written = {
        name
        for file in (*API.rglob("*.py"), *(API.parent / "notifications").rglob("*.py"))
        for name in re.findall(r"EventName\.([A-Z_]+)", file.read_text("utf-8"))
    }
    assert set(EventName.__members__) <= written


def test_what_must_stand_in_the_log_has_a_name():
    for source in ("operator", "support", "proxies", "access_log"):
        assert any(event.startswith(f"{source}:") for event in EventName)
    for act in (":exported", ":erased", "key:changed", ":reconciled", "law_enforcement"):
        assert any(act in event for event in EventName)
