"""Documents are read in the page, and nothing of theirs acts in it."""

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.records.viewing.documents import attachments_of, document_of, images_of, safe

ALLOWED = frozenset(
    {"b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i"}
    | {"ins", "li", "ol", "p", "pre", "small", "span", "strong", "sub", "sup", "table", "tbody"}
    | {"td", "tfoot", "th", "thead", "tr", "u", "ul"}
)


def bundle(*sections: dict[str, Any], entries: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    composition = {
        "resourceType": "Composition",
        "type": {"text": "退院時サマリー"},
        "author": [{"reference": "urn:uuid:a"}],
        "section": list(sections),
    }
    doctor = {"resourceType": "Practitioner", "name": [{"text": "佐藤 健一"}]}
    return {
        "resourceType": "Bundle",
        "type": "document",
        "entry": [
            {"fullUrl": "urn:uuid:c", "resource": composition},
            {"fullUrl": "urn:uuid:a", "resource": doctor},
            *entries,
        ],
    }


def section(div: str, **more: Any) -> dict[str, Any]:
    return {"title": "経過", "text": {"div": div}, **more}


def test_sections_keep_their_order_depth_tables_and_lists() -> None:
    table = "<table><tr><td colspan='2'>a</td></tr></table>"
    read = document_of(bundle(section(f"<div>{table}</div>", section=[section("<p>b</p>")])))
    assert (read.kind, read.authors) == ("退院時サマリー", ("佐藤 健一",))
    assert [each.depth for each in read.sections] == [1, 2]
    assert '<td colspan="2">a</td>' in read.sections[0].html


def test_a_section_names_what_it_lists() -> None:
    condition = {
        "resourceType": "Condition",
        "code": {"text": "心不全"},
        "onsetDateTime": "2025-03-04",
    }
    read = document_of(
        bundle(
            {"title": "病名", "entry": [{"reference": "urn:uuid:d"}, {"display": "添え状"}]},
            entries=({"fullUrl": "urn:uuid:d", "resource": condition},),
        )
    )
    assert read.sections[0].entries == ("心不全（2025-03-04）", "添え状")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<style>body{display:none}</style>",
        '<img src="https://example.com/x.png" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://example.com">x</a>',
        '<p onclick="alert(1)" style="position:fixed" id="main" class="banner">x</p>',
        '<iframe src="//example.com"></iframe>',
        '<form action="/sign-out"><input name="x"><button>x</button></form>',
        '<svg><script>alert(1)</script><foreignObject><p onload="x"></p></foreignObject></svg>',
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
        "<!--><script>alert(1)</script>-->",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        '<h1 onmouseover="x">見出し</h1 >',
        "<h1<script>alert(1)</script>>",
        '<meta http-equiv="refresh" content="0;url=//example.com">',
        "<base href='//example.com'><link rel=stylesheet href='//example.com'>",
        "<div></div></div></section></main><p>外へ",
    ],
)
def test_nothing_foreign_gets_through(hostile: str) -> None:
    html, _ = safe(f"<div>{hostile}</div>")
    assert_harmless(html)


@given(st.text(alphabet="<>/\"'= abhsciptonlerdvimgxy&;:!-", max_size=80))
def test_whatever_is_sent_nothing_foreign_gets_through(text: str) -> None:
    assert_harmless(safe(text)[0])


def assert_harmless(html: str) -> None:
    for tag, attributes in re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)/?>", html):
        assert tag in ALLOWED
        assert not re.sub(r'\s(?:colspan|rowspan)="[^"]*"', "", attributes).strip(" /")
    assert "<!--" not in html
    assert html.count("<div") == html.count("</div")


def test_a_heading_of_the_sender_is_no_heading_of_the_page() -> None:
    assert safe("<h1>退院</h1><h3>後</h3>")[0] == "<p>退院</p><p>後</p>"


def test_a_letter_without_end_is_cut_and_says_so() -> None:
    html, is_cut = safe("<p>" + "あ" * 70_000)
    assert is_cut
    assert html.endswith("</p>")


def test_attachments_are_named_by_what_they_are_known_to_be() -> None:
    content = [
        {
            "attachment": {
                "contentType": "application/pdf",
                "data": base64.b64encode(b"%PDF").decode(),
            }
        },
        {"attachment": {"contentType": "text/html", "data": base64.b64encode(b"<p>").decode()}},
        {"attachment": {"contentType": "image/png", "url": "https://example.com/x", "size": 9}},
        {"attachment": {"contentType": "image/png", "data": "?"}},
    ]
    found = attachments_of({"resourceType": "DocumentReference", "content": content})
    assert [(each.media_type, each.size, each.data) for each in found] == [
        ("application/pdf", 4, b"%PDF"),
        ("application/octet-stream", 3, b"<p>"),
        ("image/png", 9, None),
        ("image/png", None, None),
    ]


def test_a_study_says_its_series() -> None:
    study = {
        "resourceType": "ImagingStudy",
        "series": [
            {"modality": {"code": "CT"}, "bodySite": {"display": "胸部"}, "numberOfInstances": 120}
        ],
    }
    assert [tuple(each) for each in images_of(study)] == [("CT", "胸部", "", 120)]
