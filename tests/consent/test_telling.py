"""Every change, and who sees now, in one plain sentence of each language."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.consent.facts import Directive
from api.consent.settings.changes import apply_all, facilities_named, professionals_named
from api.consent.settings.summary import summary
from api.consent.settings.switches import (
    Command,
    Extend,
    HidePeriod,
    Remove,
    SetCell,
    SetFacility,
    SetLived,
    SetProfessional,
    SetRegion,
    SetTeam,
)
from api.consent.settings.telling import change_said, end_said, who_sees_now, wish_said
from api.directory.profile import load_profile
from tests.consent.commands import COMMANDS, EXTENSIONS, quickly
from tests.consent.scene import CLINIC, HOSPITAL, ITO, MORI, NETWORK, NOW, PHARMACY, SATO
from tests.consent.test_switches_by_name import HOME

PROFILES = Path(__file__).parents[2] / "api" / "directory" / "profiles"
PROFILE = load_profile((PROFILES / "kumamoto_demo.toml").read_text("utf-8"))
NAMES = {
    CLINIC: "れんげ内科",
    PHARMACY: "すみれ薬局",
    HOSPITAL: "中央病院",
    SATO: "佐藤 健一",
    ITO: "伊藤 美咲",
    MORI: "森 大輔",
}


def said(*commands: Command, locale: str = "ja") -> str:
    _, done = apply_all(Directive(), commands, NETWORK, NOW)
    return change_said(done[-1], locale, PROFILE, NAMES)


def now(*commands: Command, locale: str = "ja") -> str:
    after, _ = apply_all(Directive(), commands, NETWORK, NOW)
    codes = [region.code for region in PROFILE.regions]
    types = [each.code for each in PROFILE.facility_types]
    shown = summary(after, NETWORK, NOW, regions=codes, facility_types=types)
    return who_sees_now("participating", shown, locale, PROFILE, NAMES)


@quickly
@given(st.lists(COMMANDS, min_size=1, max_size=4), EXTENSIONS, st.sampled_from(("ja", "en")))
def test_every_command_is_said_in_both_languages(
    commands: list[Command], extension: Extend, locale: str
) -> None:
    _, done = apply_all(Directive(), commands, NETWORK, NOW)
    for command in (*done, extension):
        for sentence in (
            change_said(command, locale, PROFILE, NAMES),
            wish_said(command, locale, PROFILE, NAMES),
        ):
            assert sentence.rstrip().endswith("。" if locale == "ja" else ".")
            assert "{" not in sentence
        named = facilities_named([command]) | professionals_named([command])
        assert named <= NAMES.keys()


@pytest.mark.parametrize(
    ("command", "ja", "en"),
    [
        (
            SetFacility(CLINIC, on=True, level=1),
            "「れんげ内科」に見せるようにしました。特に慎重に扱う記録も見せます。"
            "2027年5月31日までです。",
            "れんげ内科 may now see your records. Specially protected records too."
            " This lasts until 31 May 2027.",
        ),
        (
            SetProfessional(SATO, on=False),
            "「佐藤 健一」さんには見せないようにしました。",
            "佐藤 健一 may no longer see your records.",
        ),
        (
            SetCell("deny", profession="pharmacist", category="lab", source_facility_id=HOSPITAL),
            "薬剤師には、「中央病院」が書いた記録の「検査結果」を見せないようにしました。",
            "Pharmacist: may no longer see records written by 中央病院, Laboratory results.",
        ),
        (
            HidePeriod(True, data_from=date(2026, 2, 1), data_to=date(2026, 2, 11)),
            "2026年2月1日から2026年2月10日までのすべての種類の記録を、見せないようにしました。",
            "every kind of record, from 1 February 2026 to 10 February 2026: hidden.",
        ),
    ],
)
def test_a_change_is_one_plain_sentence(command: Command, ja: str, en: str) -> None:
    assert (said(command), said(command, locale="en")) == (ja, en)


@quickly
@given(st.lists(COMMANDS, min_size=1, max_size=4), EXTENSIONS)
def test_what_is_not_yet_saved_is_not_told_as_done(
    commands: list[Command], extension: Extend
) -> None:
    _, done = apply_all(Directive(), commands, NETWORK, NOW)
    for command in (*done, extension):
        assert "ました" not in wish_said(command, "ja", PROFILE, NAMES)
        assert " may now " not in wish_said(command, "en", PROFILE, NAMES)


def test_a_wish_is_told_before_it_is_saved() -> None:
    command = SetFacility(CLINIC, on=True)
    assert wish_said(command, "ja", PROFILE, NAMES) == "「れんげ内科」に見せるようにします。"
    assert wish_said(command, "en", PROFILE, NAMES) == "れんげ内科 will see your records."


def test_what_was_taken_back_is_named() -> None:
    assert said(SetFacility(CLINIC, on=True), Remove(1)) == (
        "「れんげ内科」に見せる許可を取り消しました。"
    )


def test_an_end_within_the_day_is_said_to_the_minute() -> None:
    midnight = datetime(2026, 6, 30, 15, tzinfo=UTC)
    assert end_said("ja", midnight) == "2026年6月30日"
    assert end_said("en", midnight + timedelta(hours=2)) == "Wed 1 Jul 2026, 2:00"


def test_one_sentence_says_who_sees_now() -> None:
    assert now() == (
        "いま、ほかの施設は、だれも記録を見られません。"
        "記録を書いた施設は、自分で書いた分だけ見られます。"
    )
    assert now(SetProfessional(SATO, on=True)) == (
        "いま、「佐藤 健一」が、すべての種類の記録を見られます。"
    )
    home = SetTeam(HOME, on=True)
    both = now(SetLived("now", on=True), SetFacility(CLINIC, on=True), home)
    assert both == (
        "いま、「いま住んでいる地域」と「れんげ内科」にいる「医師」と「薬剤師」と「在宅」が、"
        "すべての種類の記録を見られます。"
    )
    regions = [SetRegion(code, on=True) for code in ("aso", "uki", "kuma", "amakusa")]
    assert "選んだ4つの地域や施設と1か所の施設にいる" in now(*regions, SetFacility(CLINIC, on=True))


def test_the_sentence_names_nobody_by_id() -> None:
    assert str(UUID(int=1)) not in now(SetProfessional(SATO, on=True), locale="en")
