"""A file whose every word would bite: it is stored as words, and bites nowhere."""

import base64
import csv
import io
import re
from typing import Any

import msgspec
import pytest

from api.records.bringing_in import service as bringing_in
from api.records.bringing_in.planning import LeftLine
from api.records.taking_out.resources import FILED, SOURCE, decoded
from tests.portal.scene import Place, Visitor
from tests.portal.test_clinic import allow, find
from tests.records.bringing_in.test_forged import measurement, taken_out
from tests.records.taking_out import taking

Json = dict[str, Any]
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
TURNED = "\u202egnp.exe\u202c\u2066x\u2069"
BITES = SCRIPT + TURNED
DIV = (
    f'<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="alert(1)">{SCRIPT}</p>'
    '<a href="javascript:alert(1)">x</a><svg onload="alert(1)"/><style>*{display:none}</style>'
    '<form action="/account/closing"><input name=a></form></div>'
)
SIGNS = (
    *("<script>alert", "<img src=x", 'onclick="alert', 'href="javascript', "onload=", "<style>*"),
    *("<input name=a", "\u202e", "\u202c", "\u2066", "\u2069"),
)


def of(kind: str, category: str, writer: str, **more: Any) -> Json:
    meta: Json = {"tag": [{"system": FILED, "code": category, "display": f"=1+1{BITES}"}]}
    if writer:
        meta["extension"] = [{"url": SOURCE, "valueReference": {"display": writer}}]
    about = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
    named = {"resourceType": kind, "meta": meta, about: {"reference": "Patient/1"}}
    return {**named, "text": {"status": "generated", "div": DIV}, **more}


def document(writer: str, media: str, data: bytes, name: str) -> Json:
    attachment = {"contentType": media, "data": base64.b64encode(data).decode(), "title": name}
    return of(
        *("DocumentReference", "document", writer),
        status="current",
        type={"text": BITES},
        date="2026-01-01T00:00:00Z",
        content=[{"attachment": attachment}],
    )


def hostile(writer: str) -> list[Json]:
    words = {"text": BITES}
    coded = {"coding": [{"system": "http://loinc.org", "code": "2160-0", "display": BITES}]}
    kept = [
        of(
            *("Observation", "lab", writer),
            status="final",
            code=coded,
            effectiveDateTime="2026-01-01",
            valueString=BITES,
            interpretation=[words],
            referenceRange=[words],
        ),
        of("Condition", "condition", writer, code=words, recordedDate="2026-01-01", note=[words]),
        of(
            "AllergyIntolerance",
            "allergy",
            writer,
            code=words,
            reaction=[{"manifestation": [words]}],
        ),
        of(
            *("MedicationRequest", "prescription", writer),
            status="active",
            intent="order",
            medicationCodeableConcept=words,
            authoredOn="2026-01-01",
            dosageInstruction=[words],
        ),
        document(writer, "text/html", SCRIPT.encode(), "a\r\nset-cookie: x=y.html"),
        document(writer, "image/svg+xml", b'<svg onload="alert(1)"/>', TURNED),
    ]
    return [each | {"id": f"h{place}"} for place, each in enumerate(kept)]


async def file_of(who: Visitor, resources: list[Json]) -> bytes:
    bundle = decoded(await taking.bundle(who.actor))
    (person,) = (e for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    person["resource"]["id"] = "1"
    bundle["entry"] = [person, *({"resource": each} for each in resources)]
    return msgspec.json.encode(bundle)


async def walked(who: Visitor, *starts: str) -> dict[str, str]:
    """Every page of books and records that can be reached from these; files are kept, not run."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting and len(found) < 80:
        path = waiting.pop(0)
        if path in found:
            continue
        answer = await who.get(path)
        assert answer.status_code < 500, path
        if "html" in answer.headers.get("content-type", ""):
            found[path] = answer.text
            links = re.findall(r'href="(/(?:records|clinic/part)[^"#]*)"', answer.text)
            waiting += [each.replace("&amp;", "&") for each in links]
        elif answer.status_code == 200:
            assert answer.headers["content-disposition"].startswith("attachment"), path
            assert "set-cookie" not in answer.headers["content-disposition"]
            assert answer.headers["content-type"].split(";")[0] not in (
                "text/html",
                "image/svg+xml",
            )
            found[path] = ""
    return found


@pytest.mark.parametrize("writer", ["", f"{BITES}医院"])
async def test_words_that_bite_are_words_on_every_page_and_in_every_file(
    hanako: Visitor, sato: Visitor, clinic: Place, writer: str
) -> None:
    done = await taking.brought(hanako.actor, await file_of(hanako, hostile(writer)))
    assert done.counts.total == 6
    await allow(hanako, clinic)
    await find(sato, hanako)
    hers = await walked(hanako, "/records", "/book", "/records/summary", "/access-log")
    his = await walked(sato, f"/clinic/participants/{hanako.actor.participant_id}")
    assert len(hers) > 10
    assert any("alert(1)" in page for page in his.values()), "he sees the words"
    for path, page in {**hers, **his}.items():
        assert [each for each in SIGNS if each in page] == [], path
    job = await taking.made(hanako.actor, "csv", "pdf")
    assert taking.pages(await taking.content(hanako.actor, job, "pdf"))
    tables = taking.tables(await taking.content(hanako.actor, job, "csv"))
    cells = [
        cell for table in tables.values() for row in csv.reader(io.StringIO(table)) for cell in row
    ]
    assert any(cell.startswith("'=1+1") for cell in cells)
    assert not [each for each in cells if each.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_the_calendar_neither_shut_the_records_nor_stop_taking_out(
    hanako: Visitor, day: str
) -> None:
    """PostgreSQL was handed them as infinite, which has no year."""
    code = {"text": "クレアチニン"}
    dated = of("Observation", "lab", "", id="o", status="final", code=code, effectiveDateTime=day)
    done = await taking.brought(hanako.actor, await file_of(hanako, [dated | {"valueString": "1"}]))
    assert done.counts.total == 1
    assert (await hanako.get("/records")).status_code == 200
    assert (await taking.made(hanako.actor, "fhir", "csv", "pdf")).state == "done"


async def test_an_instant_no_clock_of_japan_shows_is_not_taken(hanako: Visitor) -> None:
    bundle = await taken_out(hanako)
    measurement(bundle)["effectiveDateTime"] = "9999-12-31T23:59:59Z"
    looked = await bringing_in.look(hanako.actor, msgspec.json.encode(bundle))
    assert LeftLine("faulty", "Observation", 1) in looked.counts.left
    code = {"text": "クレアチニン"}
    dated = of("Observation", "lab", "", id="o", status="final", code=code, valueString="1")
    dated["effectiveDateTime"] = "9999-12-31T23:59:59Z"
    looked = await bringing_in.look(hanako.actor, await file_of(hanako, [dated]))
    assert looked.counts.total == 0
