"""Whatever comes in is refused in words or stored whole: no door fails, nothing is half-stored."""

import asyncio
import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api import demo
from api.core.actor import Actor
from api.fhir.codes import patient_in_facility
from api.records.errors import NotStored
from api.records.incoming import service as ingest
from api.records.parse import MAX_BYTES
from api.records.units import UCUM, is_plausible
from tests.conftest import Deployment
from tests.records import shapes, stored
from tests.records.conftest import Person
from tests.records.test_ingest import as_bytes, named, refused
from tests.records.test_ingest_routes import FHIR, emr, issues
from tests.serving import Served

__all__ = ["emr"]

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "code",
    ["mg/dL", "10*3/uL", "10^9/L", "mm[Hg]", "[in_i'H2O]", "mL/min/{1.73_m2}", "mmol/(8.h.kg)",
     "%", "{cells}/uL", "/uL", "kg/m2", "Cel", "[degF]", "m/s2", "U/L", "1", "(1/s).m", "10*-3"],
)  # fmt: skip
def test_units_as_ucum_writes_them(code: str):
    assert is_plausible(code)


@pytest.mark.parametrize(
    "code",
    ["", "ｍｇ", "mg dL", "mg//dL", "mg/", "(mg", "mg)", "mg..dL", "{x", "[x", "ミリグラム", "mg\n",
     "m" * 101, "()", "((((", "mg^2"],
)  # fmt: skip
def test_units_that_ucum_could_not_make(code: str):
    assert not is_plausible(code)


async def test_a_unit_is_asked_of_whoever_claims_ucum_alone(clinic: Actor, hanako: Person):
    quantity = {"value": 1, "unit": "ミリグラム", "code": "ミリグラム"}
    local = shapes.lab(subject=hanako.as_patient, valueQuantity=quantity)
    await ingest.store(clinic, as_bytes(local))
    range_ = [{"low": {"value": 1, "system": UCUM, "code": "mg//dL"}}]
    claimed = shapes.posted(local, local | {"referenceRange": range_})
    with pytest.raises(NotStored) as refusal:
        await ingest.store(clinic, as_bytes(claimed))
    assert [(fault.reason, fault.path) for fault in refusal.value.faults] == [
        ("bad_unit", "Bundle.entry[1].resource.referenceRange[0].low.code")
    ]


def nested(depth: int) -> bytes:
    opening = b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":'
    return opening * depth + b"{}" + b"}]}" * depth


WHOLE = as_bytes(shapes.posted(shapes.condition(), shapes.lab()))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (json.dumps(shapes.condition(), ensure_ascii=False).encode("shift_jis"), "invalid_json"),
        (json.dumps(shapes.lab(), ensure_ascii=False).encode("utf-16"), "invalid_json"),
        (json.dumps(shapes.condition(), ensure_ascii=False).encode("iso-2022-jp"), "invalid_json"),
        (json.dumps(shapes.condition(), ensure_ascii=False).encode("euc-jp"), "invalid_json"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 40, "invalid_json"),
        (WHOLE[: len(WHOLE) // 2], "invalid_json"),
        (WHOLE[:-1], "invalid_json"),
        (nested(1000), "too_deep"),
        (b"[" * 200_000, "too_deep"),
        (as_bytes({"resourceType": "Observation", "x": "\0"}), "bad_character"),
        (b'{"resourceType":"Observation","x":"\\ud800"}', "bad_character"),
        (as_bytes(shapes.lab(effectiveDateTime="00000000")), "bad_date"),
        (as_bytes(shapes.lab(effectiveDateTime="0000-00-00")), "bad_date"),
        (as_bytes(shapes.lab(effectiveDateTime="2026-02-30")), "bad_date"),
        (as_bytes(shapes.lab(effectiveDateTime="2026-11-29T25:00:00+09:00")), "bad_date"),
        (as_bytes(shapes.lab(effectiveDateTime="令和8年")), "bad_date"),
        (as_bytes(shapes.posted(shapes.lab(id="a"), shapes.lab(id="a"))), "duplicate_entry"),
    ],
    ids=str,
)
async def test_what_cannot_be_read_has_its_reason(clinic: Actor, body: bytes, reason: str):
    before = await stored.submissions(clinic)
    assert reason in await refused(clinic, body)
    assert await stored.submissions(clinic) == before


async def test_entries_that_refer_to_each_other_in_a_circle_are_stored(
    clinic: Actor, hanako: Person
):
    ring = {"resourceType": "Organization", "partOf": {"reference": "urn:uuid:0000-3"}}
    other = {"resourceType": "Organization", "partOf": {"reference": "urn:uuid:0000-2"}}
    one = shapes.lab(subject=hanako.as_patient, hasMember=[{"reference": "urn:uuid:0000-1"}])
    two = shapes.lab(
        subject=hanako.as_patient,
        hasMember=[{"reference": "urn:uuid:0000-0"}],
        performer=[{"reference": "urn:uuid:0000-2"}],
    )
    await ingest.store(clinic, as_bytes(shapes.posted(one, two, ring, other)))
    bodies = [json.loads(row["body"]) for row in await stored.records(hanako.id)]
    first, second = sorted(bodies, key=lambda body: "performer" in body)
    assert first["hasMember"] == [{"reference": f"Observation/{second['id']}"}]
    assert second["hasMember"] == [{"reference": f"Observation/{first['id']}"}]
    assert [inner["resourceType"] for inner in second["contained"]] == ["Organization"] * 2


async def test_another_facilitys_patient_is_nobody_here(clinic: Actor, hanako: Person):
    elsewhere = {
        "identifier": {
            "system": patient_in_facility(demo.HOSPITAL),
            "value": demo.demo_patient_number("taro", demo.HOSPITAL),
        }
    }
    bundle = shapes.posted(
        shapes.lab(subject=hanako.as_patient), shapes.condition(subject=elsewhere)
    )
    assert await refused(clinic, as_bytes(bundle)) == ["unknown_subject"]
    assert await stored.records(hanako.id) == []


# Mutations of what is right: dropped, swapped, nested, of another type.

_STRAYS = st.sampled_from(
    [None, True, 0, -1, 10**30, 1.5, "", "00000000", "#", "x" * 2000, [], {}, [[]], [None],
     {"a": 1}, {"reference": "urn:uuid:0000-0"}, {"resourceType": "Bundle", "type": "document"}]
)  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def bent(tree: Any, path: tuple[Any, ...], how: str, stray: Any, other: tuple[Any, ...]) -> Any:
    if not path:
        return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": tree}]}
    holder, key = at(tree, path[:-1]), path[-1]
    match how:
        case "drop":
            del holder[key]
        case "swap":
            holder[key] = copy.deepcopy(at(tree, other))
        case "nest":
            holder[key] = {str(key): [holder[key]]}
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case _:
            holder[key] = copy.deepcopy(stray)
    return tree


@settings(
    max_examples=50,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(data=st.data())
async def test_a_bent_sending_is_stored_wholly_or_not_at_all(
    emr: httpx.AsyncClient, hanako: Person, data: st.DataObject
):
    turn = str(uuid4())
    resources = [
        shapes.condition(subject=hanako.as_patient, identifier=named(f"c{turn}")),
        shapes.lab(subject=hanako.as_patient, valueString=turn),
        shapes.prescription(subject=hanako.as_patient, identifier=named(f"m{turn}")),
    ]
    kind = data.draw(st.sampled_from(["transaction", "collection", "document"]))
    tree = shapes.document(*resources) if kind == "document" else shapes.posted(*resources)
    tree = tree | {"type": kind}
    if kind == "document":
        tree["entry"][0]["resource"]["subject"] = hanako.as_patient
        tree["entry"][1]["resource"] = shapes.patient(
            identifier=[hanako.as_patient["identifier"]],
            birthDate=str(demo._BIRTHS["hanako"][0]),
        )
    tree = copy.deepcopy(tree)  # what is bent is nobody else's
    for _ in range(data.draw(st.integers(1, 3))):
        known = list(places(tree))
        path, other = (data.draw(st.sampled_from(known)) for _ in range(2))
        how = data.draw(st.sampled_from(["drop", "swap", "nest", "double", "stray"]))
        tree = bent(tree, path, how, data.draw(_STRAYS), other)
        if not isinstance(tree, dict):
            break
    before = len(await stored.records(hanako.id))
    body = json.dumps(tree).encode()
    answer = await emr.post("/fhir/R4", content=body, headers=FHIR)
    assert answer.status_code < 500, body
    after = len(await stored.records(hanako.id))
    if answer.status_code >= 400:
        assert issues(answer)
        assert after == before
    else:
        again = await emr.post("/fhir/R4", content=body, headers=FHIR)
        assert again.status_code == 200
        assert len(await stored.records(hanako.id)) == after


# A real server, because a test's client hands a body over whole.


@pytest.mark.parametrize("is_announced", [True, False], ids=["with its length", "in chunks"])
async def test_a_hundred_megabytes_are_refused_while_they_come(
    served: Served, database: Deployment, people: dict[str, demo.Cast], is_announced: bool
):
    own = msgspec.structs.replace(database.settings, public_url=served.url)
    token = await asyncio.to_thread(demo.fetch_token, own, "sato", "system/*.write")
    port = int(served.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    length = f"Content-Length: {100 * MEGABYTE}" if is_announced else "Transfer-Encoding: chunked"
    head = (
        f"POST /fhir/R4 HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Authorization: Bearer {token}\r\n"
        f"Content-Type: application/fhir+json\r\n{length}\r\n\r\n"
    )
    writer.write(head.encode())
    sent = 0
    answered = asyncio.create_task(reader.readline())
    with suppress(ConnectionError):
        while sent < 100 and not answered.done():
            part = b" " * MEGABYTE
            writer.write(part if is_announced else b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
            await asyncio.sleep(0.02)
            sent += 1
    line = await asyncio.wait_for(answered, timeout=120)
    writer.close()
    assert b" 413 " in line
    assert sent < 100
    assert sent * MEGABYTE <= 8 * MAX_BYTES
