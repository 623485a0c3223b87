"""Every page renders from its documented context, in both languages, fit for a strict CSP."""

import re
from collections import Counter
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.portal_shell.contexts import BASE, PAGES, render
from web_portal.templating import TEMPLATES_DIR, environment

BOTH = pytest.mark.parametrize("locale", ["ja", "en"])
EACH = pytest.mark.parametrize("name", PAGES)
PARTS = {
    "base.html",
    "components.html",
    "access_log_check.html",
    "proxies/parts.html",
    "disclosure/parts.html",
    "emergency_card/parts.html",
    "disclosure/difference.html",
    "opened_record.html",
    "records/seen.html",
    "facility/export_parts.html",
    "book/fields.html",
    "book/children/parts.html",
    "book/vaccines/parts.html",
    "clinic/entry_whom.html",
    "clinic/person.html",
    "clinic/parts.html",
}


def test_every_template_has_a_sample() -> None:
    written = {path.relative_to(TEMPLATES_DIR).as_posix() for path in TEMPLATES_DIR.rglob("*.html")}
    assert written - PARTS == {template for template, _ in PAGES.values()}


@BOTH
@EACH
def test_a_page_holds_nothing_a_strict_csp_forbids(name: str, locale: str) -> None:
    html = render(name, locale)
    assert f'<html lang="{locale}"' in html
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", html)
    assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", html)
    assert not re.search(r"(?:href|src|action)=\"(?:https?:)?//", html)


@BOTH
@EACH
def test_ids_are_unique_and_every_reference_finds_its_element(name: str, locale: str) -> None:
    html = render(name, locale)
    ids = Counter(re.findall(r'\sid="([^"]+)"', html))
    assert [i for i, count in ids.items() if count > 1] == []
    pattern = r'(?:for|aria-labelledby|aria-describedby)="([^"]+)"'
    referred = {i for group in re.findall(pattern, html) for i in group.split()}
    assert referred <= ids.keys()


@BOTH
@EACH
def test_every_posting_form_carries_the_csrf_field(name: str, locale: str) -> None:
    forms = re.findall(r'<form[^>]*method="post".*?</form>', render(name, locale), re.DOTALL)
    assert forms
    assert all('name="_csrf_token"' in form for form in forms)


@EACH
def test_english_pages_hold_no_japanese_of_our_own(name: str) -> None:
    # the sample data is Japanese; what remains after taking it away is ours
    template, _ = PAGES[name]
    source = (TEMPLATES_DIR / template).read_text(encoding="utf-8")
    assert not re.search(r"[ぁ-んァ-ン一-龯]", source)


def test_a_name_with_markup_is_shown_as_text() -> None:
    viewer = {"role": "participant", "name": "<b>花子</b>", "unread": 0}
    html = render("home", "ja", viewer=viewer)
    assert "&lt;b&gt;花子&lt;/b&gt; さん、こんにちは" in html
    assert "<b>花子" not in html


def test_a_missing_value_breaks_the_page_instead_of_showing_nothing() -> None:
    page = environment().get_template("home.html")
    with pytest.raises(UndefinedError, match="summary"):
        page.render(BASE | {"locale": "ja", "viewer": {"role": "support", "name": "", "unread": 0}})


def test_large_text_and_high_contrast_stand_on_the_page_and_can_be_switched_back() -> None:
    html = render("welcome", "ja", text_size="large", contrast="high")
    assert 'data-text="large" data-contrast="high"' in html
    assert 'name="text_size" value="normal" aria-pressed="true"' in html
    assert 'name="contrast" value="normal" aria-pressed="true"' in html


def test_a_refusal_names_nobody() -> None:
    assert "熊本 花子" in render("clinic-read", "ja")
    refused = render("clinic-refused", "ja")
    assert "花子" not in refused
    assert "3456" not in refused


def test_nothing_served_is_larger_than_a_slow_phone_likes() -> None:
    static = Path(TEMPLATES_DIR).parent / "static"
    for name in PAGES:
        page = render(name, "ja")
        parts = set(re.findall(r"/static/([a-z-]+\.(?:css|js))", page))
        assert "app.css" in parts
        if "access-log.js" in parts:
            assert "access-log-verifier.js" in parts
        sizes = [(static / part).stat().st_size for part in parts]
        assert sum(sizes) + len(page.encode()) <= 100_000, name


@BOTH
@pytest.mark.parametrize("name", [name for name in PAGES if PAGES[name][0].startswith("book/")])
def test_in_the_books_links_to_different_places_are_heard_apart(name: str, locale: str) -> None:
    main = render(name, locale).split("<main")[1].split("</main>")[0]
    places: dict[str, set[str]] = {}
    for attributes, href, inside in re.findall(r'(?s)<a([^>]*href="([^"]+)"[^>]*)>(.*?)</a>', main):
        label = re.search(r'aria-label="([^"]+)"', attributes)
        heard = label[1] if label else " ".join(re.sub(r"<[^>]+>", " ", inside).split())
        places.setdefault(heard, set()).add(href)
    assert {heard: hrefs for heard, hrefs in places.items() if len(hrefs) > 1} == {}
