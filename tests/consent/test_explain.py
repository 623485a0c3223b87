"""Each answer has one plain sentence, naming the setting that decided and no record."""

import pytest

from api.consent.decide import decide
from api.consent.explain import sentence
from api.consent.facts import Directive, Participation
from tests.consent.laws import CATALOGUES, SIEVES, TARGETS
from tests.consent.scene import (
    CLINIC,
    IN_THE_TEAM,
    ITO,
    JOINED,
    NETWORK,
    PHARMACY,
    PRESCRIPTION,
    allow,
    answer,
    ask,
    hide,
    refuse,
)
from tests.consent.test_decide import CLINIC_ON, STEPS

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
            "あなたが「佐藤医院」に見ることを許しているためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON, hide(category="prescription")],
            {},
            "あなたが「処方」を見せない設定にしているためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON, hide(profession="physician")],
            {},
            "あなたが医師には見せない設定にしているためです（設定 第3版）。",
        ),
        (
            [],
            {},
            "あなたが「佐藤医院」に見ることを許していないためです（設定 第3版）。",
        ),
        (
            [CLINIC_ON],
            {"participation": Participation("withdrawn")},
            "あなたが参加をやめているためです。",
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
    here = ask(IN_THE_TEAM)
    said = [answer(*rules, **facts) for _, facts, rules in STEPS.values()]
    said += [answer(rule(**target), request=here) for target in targets for rule in (allow, refuse)]
    said += [answer(CLINIC_ON, hide(**sieve)) for sieve in SIEVES]
    said += [decide(NETWORK, JOINED, Directive(), here, PRESCRIPTION)]
    keys = {sentence(decision.basis).key for decision in said}
    assert keys == {key for key in CATALOGUES["ja"] if key.startswith("consent.basis.")}


def test_a_clinic_asking_before_anything_was_chosen_is_said_so() -> None:
    decision = decide(NETWORK, JOINED, Directive(), ask(), PRESCRIPTION)
    assert sentence(decision.basis).key == "consent.basis.recipient.nothing_chosen"
