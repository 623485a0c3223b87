"""Each answer has one plain sentence, naming the setting that decided and no record."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from msgspec import structs

from api import directory
from api.consent.decide import decide
from api.consent.explain import sentence
from api.consent.facts import Directive, EmergencyReach, Origin, Participation, Provision
from api.consent.wording import spoken
from api.directory.profile import load_profile
from tests.consent.laws import CATALOGUES, NARROW_SIEVES, TARGETS
from tests.consent.scene import (
    CLINIC,
    DAY,
    IN_THE_TEAM,
    ITO,
    JOINED,
    MORI,
    NETWORK,
    NOW,
    PHARMACY,
    PRESCRIPTION,
    SATO,
    TEAM,
    ULCER,
    allow,
    answer,
    ask,
    hide,
    refuse,
    share,
)
from tests.consent.test_decide import CLINIC_ON, STEPS, lived

PROFILE = Path(directory.__file__).parent / "profiles" / "kumamoto_demo.toml"
NAMES = {
    "facility": "佐藤医院",
    "profession": "医師",
    "category": "処方",
}


@pytest.mark.parametrize(
    ("rules", "facts", "said"),
    [
        (
            [CLINIC_ON],
            {},
            "ご本人が「佐藤医院」に見ることを許しているためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON, hide(category="prescription")],
            {},
            "ご本人が「処方」を見せない設定にしているためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON, hide(profession="physician")],
            {},
            "ご本人が医師には見せない設定にしているためです（設定 第3版）。",
        ),
        (
            [],
            {},
            "ご本人が「佐藤医院」に見ることを許していないためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON],
            {"participation": Participation("withdrawn")},
            "ご本人が参加をやめているためです。",
        ),
    ],
    ids=["clinic on", "category off", "profession off", "nothing matches", "withdrawn"],
)
def test_the_sentence_names_the_setting_that_decided(
    rules: list[object], facts: dict[str, object], said: str
) -> None:
    found = sentence(answer(*rules, **facts).basis)  # type: ignore[arg-type]
    assert CATALOGUES["ja"][found.key].format_map({**found.params, **NAMES}) == said


def test_params_carry_ids_and_codes_never_names() -> None:
    params = sentence(answer(CLINIC_ON).basis).params
    assert params["facility"] == str(CLINIC)
    assert params["version"] == 3


def test_both_languages_have_the_same_sentences_with_the_same_names_in_them() -> None:
    def fields(text: str) -> set[str]:
        return {part.split("}")[0] for part in text.split("{")[1:]}

    ja, en = CATALOGUES["ja"], CATALOGUES["en"]
    assert ja.keys() == en.keys()
    assert {key: fields(text) for key, text in ja.items()} == {
        key: fields(text) for key, text in en.items()
    }


def test_every_sentence_is_said_by_some_decision_and_none_is_missing() -> None:
    targets = [target for target in TARGETS if not {PHARMACY, ITO} & {*target.values()}]
    targets.append({"facility_type": "clinic", "lived": "recent"})
    here = ask(IN_THE_TEAM)
    said = [answer(*rules, **facts) for _, facts, rules in STEPS.values()]
    for target in targets:
        for until in (None, date(2026, 1, 1), date(2016, 1, 1)):
            facts = {"request": here, "participation": lived(None, until)}
            said += [answer(rule(**target), **facts) for rule in (allow, refuse)]
    said += [answer(CLINIC_ON, hide(**sieve)) for sieve in NARROW_SIEVES]
    said += [
        answer(allow(facility_id=CLINIC, origin=origin, delegated_by=MORI))
        for origin in get_args(Origin)
    ]
    said += [
        answer(
            allow(region="43", set_at=NOW - 2 * DAY),
            request=ask(facility_joined_at=NOW - DAY),
            asks_first_since=since,
        )
        for since in (None, NOW - DAY)
    ]
    said += [decide(NETWORK, JOINED, Directive(), here, PRESCRIPTION)]
    for categories in (("prescription",), ()):  # within a running emergency session, and beyond it
        asked = structs.replace(ask(purpose_of_use="BTG"), emergency=EmergencyReach(categories, 1))
        said += [decide(NETWORK, JOINED, Directive(), asked, PRESCRIPTION)]
    keys = {sentence(decision.basis).key for decision in said}
    assert keys == {key for key in CATALOGUES["ja"] if key.startswith("consent.basis.")}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (allow(team_id=TEAM), "You allow the care team “Home visits” to see your records"),
        (
            allow(facility_id=CLINIC, origin="desk_code"),
            "You told a code at the desk of “Satō Clinic”",
        ),
        (
            allow(facility_id=CLINIC, origin="delegation", delegated_by=SATO),
            "“Dr Satō”, whom you allow, passed on their access",
        ),
        (
            allow(facility_id=CLINIC, origin="delegation", delegated_by=ITO),
            "“a professional”, whom you allow, passed on their access",
        ),
        (allow(facility_id=CLINIC, origin="request"), "You were asked, and agreed"),
        (allow(facility_id=CLINIC, origin="paper"), "You allow “Satō Clinic” to see"),
        (
            share(professional_id=MORI, record_ids=(ULCER,)),
            "You are sharing this with “a professional”",
        ),
    ],
)
def test_who_is_known_is_named_and_nobody_by_an_id(rule: Provision, said: str) -> None:
    names = {str(TEAM): "Home visits", str(CLINIC): "Satō Clinic", str(SATO): "Dr Satō"}
    basis = answer(rule, request=ask(IN_THE_TEAM)).basis
    profile = load_profile(PROFILE.read_text(encoding="utf-8"))
    text = spoken(sentence(basis), "en", profile, names)
    assert text.startswith(said)
    for locale in ("ja", "en"):
        assert "0000-0000" not in spoken(sentence(basis), locale, profile, {})


def test_a_facility_that_waits_is_told_for_how_long() -> None:
    basis = answer(
        allow(everyone=True, set_at=NOW - 2 * DAY), request=ask(facility_joined_at=NOW - DAY)
    ).basis
    assert sentence(basis).params["days"] == 7


def test_a_clinic_asking_before_anything_was_chosen_is_said_so() -> None:
    decision = decide(NETWORK, JOINED, Directive(), ask(), PRESCRIPTION)
    assert sentence(decision.basis).key == "consent.basis.recipient.nothing_chosen"
