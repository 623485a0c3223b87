"""No row of the log is without a reason, in either language, whoever did whatever it is."""

import csv
import io
from datetime import UTC, date, datetime
from itertools import product
from uuid import UUID

import msgspec
import pytest

from api.access_log.events import EventName
from api.access_log.rows import LogRow, Withheld
from api.consent.facts import Basis, Provision, Ruling
from api.core import i18n
from api.core.actor import ActorKind
from api.core.settings import DEMO_PROFILE
from api.directory.profile import NetworkProfile, load_profile
from api.support.reading import log_lines
from api.support.reading.log_csv import as_csv
from api.support.reading.log_reasons import reason

NOBODY = UUID(int=0)


@pytest.fixture(scope="module")
def profile() -> NetworkProfile:
    return load_profile(DEMO_PROFILE.read_text("utf-8"))


def row(
    event: str, outcome: str = "permitted", kind: str = "participant", **more: object
) -> LogRow:
    values = {
        "number": 1,
        "eid": NOBODY,
        "at": datetime(2026, 5, 3, tzinfo=UTC),
        "event": event,
        "outcome": outcome,
        "actor_kind": kind,
        "actor_id": None,
        "facility_id": None,
        "purpose_of_use": None,
        "detail": {},
    }
    return LogRow(**values | more)  # type: ignore[arg-type]


def said(what: LogRow) -> dict[str, str]:
    return {each: reason(what, each) for each in i18n.LOCALES}


@pytest.mark.parametrize("event", list(EventName))
def test_whoever_did_it_and_however_it_ended(event: EventName):
    for outcome, kind in product(("permitted", "denied"), ActorKind):
        found = said(row(event, outcome, kind))
        assert all(len(text) > 5 and "{" not in text for text in found.values())
        assert found["ja"] != found["en"]


@pytest.mark.parametrize("event", list(EventName))
def test_every_event_has_a_sentence_of_its_own(event: EventName):
    key = f"event.{event.replace(':', '.')}"
    for locale in i18n.LOCALES:
        assert [each for each in i18n.catalogue(locale) if f"{each}.".startswith(f"{key}.")]


def test_an_access_says_the_rule_that_decided_and_the_version_it_stood_in():
    text = {
        "ja": "ご本人が決めたためです（設定の第4版）。",
        "en": "because you chose so (version 4)",
    }
    read = row(EventName.RECORD_READ, kind="professional", detail={"text": text})
    assert said(read) == text


def test_a_change_of_settings_says_which_version_it_made():
    changed = row(EventName.DISCLOSURE_CHANGED, detail={"version": 5, "change": []})
    assert said(changed)["ja"] == "ご本人が行いました。設定は第5版になりました。"


def test_whoever_may_not_be_told_yet_reads_that_the_reason_will_come():
    parts = (Withheld("basis", "law_enforcement", date(2027, 1, 1)),)
    hidden = row(EventName.WITHHELD, kind="operator", withheld=parts)
    assert "the day has come" in said(hidden)["en"]


def test_a_proxy_is_named_and_so_is_for_whom(profile: NetworkProfile):
    detail = {"on_behalf": {"id": str(NOBODY), "name": "山本 太郎"}, "actor": {"name": "山本 由美"}}
    line = log_lines.line(row(EventName.DISCLOSURE_CHANGED, detail=detail), "ja", profile, {})
    assert (line.who, line.on_behalf) == ("山本 由美", "山本 太郎")
    assert line.reason == "ご本人の代わりの方として、認められた範囲で行いました。"


def test_of_a_decision_the_row_names_rule_and_settings_version(profile: NetworkProfile):
    deny = Provision(3, "deny", "recipient", facility_id=NOBODY)
    basis = Basis(
        step="recipient",
        settings_version=4,
        participation="participating",
        profile_id="_demo",
        profile_version=1,
        purpose_of_use="TREAT",
        facility_id=NOBODY,
        recipient=Ruling("deny", "provision", deny),
    )
    detail = {"basis": msgspec.to_builtins(basis), "text": {"ja": "理由です。", "en": "A reason."}}
    denied = row(EventName.RECORD_READ, "denied", "professional", detail=detail)
    line = log_lines.line(denied, "en", profile, {})
    assert (line.rule, line.settings_version) == ("recipient.facility", 4)
    assert i18n.has_text("en", f"consent.basis.{line.rule}")
    table = as_csv([(denied, line)], "en").decode("utf-8-sig")
    (in_table,) = csv.DictReader(io.StringIO(table))
    assert in_table["Deciding rule (code)"] == "recipient.facility"
    assert in_table["Settings version"] == "4"


def test_words_that_are_withheld_break_no_page(profile: NetworkProfile):
    refused = row(EventName.ACCESS_REFUSED)
    told = log_lines.line(refused, "en", profile, {}).sentence
    assert told == i18n.text("en", "event.other")
