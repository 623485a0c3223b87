"""The translation check catches each kind of planted fault, and the product has none."""

import shutil
from pathlib import Path

import pytest

from tests.checks.translations import ROOT, faults, main

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'


def _po(root: Path, locale: str, **texts: str) -> Path:
    path = root / "web_portal" / "locales" / locale / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = (f'\nmsgid "{key.replace("__", ".")}"\nmsgstr "{t}"\n' for key, t in texts.items())
    path.write_text(PO + "".join(entries), encoding="utf-8")
    return path


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A sound little product: one template, one error, two languages."""
    _po(tmp_path, "ja", hello="こんにちは {name}", error__card="カード", tag__new="新")
    _po(tmp_path, "en", hello="Hello {name}", error__card="Card", tag__new="New")
    templates = tmp_path / "web_portal" / "templates"
    templates.mkdir()
    (templates / "page.html").write_text('{{ t("hello", name=x) }}{{ t("tag." ~ state) }}')
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "errors.py").write_text('class Bad(Exception):\n    key = "error.card"\n')
    return tmp_path


def test_the_product_says_everything_in_both_languages() -> None:
    assert faults(ROOT) == []


def test_a_sound_house_has_no_fault(house: Path) -> None:
    assert faults(house) == []
    assert main(house) == 0


def test_a_key_missing_in_english_is_caught(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _po(house, "en", hello="Hello {name}", tag__new="New")
    assert faults(house) == ["error.card: in ja, not in en"]
    assert main(house) == 1
    assert "error.card: in ja, not in en" in capsys.readouterr().out


def test_different_parameters_are_caught(house: Path) -> None:
    _po(house, "en", hello="Hello {who}", error__card="Card", tag__new="New")
    assert faults(house) == ["hello: ja takes ['name'], en ['who']"]


def test_an_empty_text_is_caught(house: Path) -> None:
    _po(house, "en", hello="Hello {name}", error__card="", tag__new="New")
    assert faults(house) == ["en/messages.po: error.card is empty"]


def test_a_key_in_two_files_is_caught(house: Path) -> None:
    for locale in ("ja", "en"):
        messages = _po(house, locale, hello="{name}", error__card="x", tag__new="y")
        shutil.copy(messages, messages.with_name("other.po"))
        _po(house, locale, tag__new="y")
    assert faults(house) == [
        "en/other.po: tag.new is there twice",
        "ja/other.po: tag.new is there twice",
    ]


def test_a_key_twice_in_one_file_is_caught(house: Path) -> None:
    path = house / "web_portal" / "locales" / "ja" / "LC_MESSAGES" / "messages.po"
    path.write_text(path.read_text() + '\nmsgid "hello"\nmsgstr "{name}"\n')
    assert faults(house) == ["ja/messages.po: hello is there twice"]


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ('{{ t("gone") }}', "web_portal/templates/other.html:1: gone has no text"),
        ('{{ t("gone." ~ x) }}', "web_portal/templates/other.html:1: no text begins with gone."),
        (
            '{% macro m() %}{{ t("hello") }}{% endmacro %}',
            "web_portal/templates/other.html:1: hello takes ['name'], given []",
        ),
    ],
)
def test_a_template_naming_what_is_not_there_is_caught(
    house: Path, template: str, fault: str
) -> None:
    (house / "web_portal" / "templates" / "other.html").write_text(template)
    assert faults(house) == [fault]


@pytest.mark.parametrize(
    "code",
    [
        'class Bad(Exception):\n    status = 404\n    key: str = "error.gone"\n',
        'print(\n    i18n.text(locale, "error.gone")\n)\n',
        'say = text("ja", "error.gone", name=name)\n',
    ],
)
def test_code_naming_a_text_that_is_not_there_is_caught(house: Path, code: str) -> None:
    (house / "api" / "more.py").write_text(code)
    (fault,) = faults(house)
    assert fault.endswith("error.gone has no text")


def test_a_text_nobody_says_is_caught(house: Path) -> None:
    texts = {"hello": "{name}", "error__card": "x", "error__card__next": "y", "tag__new": "z"}
    for locale in ("ja", "en"):
        _po(house, locale, **texts, forgotten="w")
    assert faults(house) == ["forgotten: nothing says it"]


def test_a_choice_of_two_texts_is_two_uses(house: Path) -> None:
    (house / "web_portal" / "templates" / "page.html").write_text(
        '{{ t("hello" if x else "gone", name=x) }}{{ t("tag." ~ state) }}'
    )
    assert faults(house) == ["web_portal/templates/page.html:1: gone has no text"]


@pytest.mark.parametrize(
    "code",
    ['say(request, "gone", name=x)\n', 'WRONG = "error.gone"\n', 'raise Refused("error.gone")\n'],
)
def test_a_page_saying_what_is_not_there_is_caught(house: Path, code: str) -> None:
    (house / "api" / "pages.py").write_text(code)
    (fault,) = faults(house)
    assert fault.endswith("gone has no text")


def test_a_key_built_from_a_beginning_is_said(house: Path) -> None:
    (house / "web_portal" / "templates" / "page.html").write_text('{{ t("hello", name=x) }}')
    assert faults(house) == ["tag.new: nothing says it"]
    (house / "api" / "pages.py").write_text('say(request, f"tag.{state}")\n')
    assert faults(house) == []
