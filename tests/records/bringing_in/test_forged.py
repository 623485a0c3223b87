"""A file made by hand: what it says of itself is not believed."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from api.access_log.keystore import NOBODY
from api.core import clock
from api.phr.directives import service as directives
from api.phr.directives.kinds import DOCUMENT
from api.phr.entries import kinds
from api.phr.entries import service as entries
from api.phr.entries.kinds import PROVENANCE
from api.phr.vitals import service as vitals
from api.phr.vitals.kinds import KINDS as VITALS
from api.records.bringing_in.entry_kinds import is_of
from api.records.bringing_in.planning import LeftLine
from api.records.taking_out.resources import CLAIMED, FILED, SOURCE, decoded, own_name
from tests.phr.child.scene import BORN, acting_as_parent
from tests.portal.scene import Visitor
from tests.records.taking_out import taking

Json = dict[str, Any]


async def taken_out(hanako: Visitor) -> Json:
    """A measurement and wishes; nothing of it is left here."""
    today = clock.today_in_japan().isoformat()
    await entries.write(
        hanako.actor,
        entries.Wish(VITALS[0], {"on": today, **_least(VITALS[0])}, is_sure=True),
    )
    await directives.state(hanako.actor, {"own_words": "痛みはとってほしい"}, 0)
    body = decoded(await taking.bundle(hanako.actor))
    await directives.revoke(hanako.actor)
    held = await entries.entries(hanako.actor, VITALS)
    await vitals.remove(hanako.actor, [each.entry_id for each in held])
    return body


def _least(kind: Any) -> dict[str, str]:
    return {each.name: each.bounds[0] for each in kind.fields if hasattr(each, "bounds")}


def measurement(bundle: Json) -> Json:
    found = [each["resource"] for each in bundle["entry"]]
    (own,) = [
        each
        for each in found
        if (name := own_name(each)) is not None and name.kind == VITALS[0].name
    ]
    return own


def without_system(own: Json) -> None:
    own["meta"]["tag"].insert(0, {"code": "x"})


def device_of_words(own: Json) -> None:
    for each in own["meta"]["tag"]:
        if each.get("system") == "urn:tsunagu:provenance":
            each["code"] = "device"
    own["device"] = "腕時計"


def second_tag(own: Json) -> None:
    own["meta"]["tag"].insert(0, "x")


def text_tag(own: Json) -> None:
    own["meta"]["tag"] = "x"


def without_values(own: Json) -> None:
    own.pop("component", None)
    own.pop("valueQuantity", None)


@pytest.mark.parametrize(
    "forge", [without_system, device_of_words, second_tag, text_tag, without_values]
)
async def test_what_no_book_could_read_is_not_taken(
    hanako: Visitor, forge: Callable[[Json], None]
) -> None:
    bundle = await taken_out(hanako)
    forge(measurement(bundle))
    done = await taking.brought(hanako.actor, msgspec.json.encode(bundle))
    assert LeftLine("faulty", "Observation", 1) in done.counts.left
    assert await entries.entries(hanako.actor, VITALS) == []
    assert (await hanako.get("/book/vitals")).status_code == 200


def of_yui(bundle: Json) -> Json:
    (patient,) = (
        each["resource"]
        for each in bundle["entry"]
        if each["resource"]["resourceType"] == "Patient"
    )
    patient |= {"name": [{"text": "山本 結衣"}], "birthDate": BORN.isoformat()}
    return bundle


async def test_nobody_brings_wishes_in_for_somebody_else(hanako: Visitor, ueda: Visitor) -> None:
    bundle = of_yui(await taken_out(hanako))
    parent = await acting_as_parent(hanako, ueda.actor)
    done = await taking.brought(parent, msgspec.json.encode(bundle))
    assert done.counts.new == {"vitals": 1}
    assert [each for each in done.counts.left if each.reason == "wishes"] == [
        LeftLine("wishes", "DocumentReference", 1)
    ]
    assert (await directives.wishes(parent)).entries == []


@pytest.mark.parametrize("claimed", ["self", "device", "proxy"])
async def test_what_a_proxy_brings_says_that_a_proxy_brought_it(
    hanako: Visitor, ueda: Visitor, claimed: str
) -> None:
    bundle = of_yui(await taken_out(hanako))
    by = {"system": PROVENANCE, "code": claimed}
    own = measurement(bundle)
    own["meta"]["tag"] = [
        by if each.get("system") == PROVENANCE else each for each in own["meta"]["tag"]
    ]
    allergy = {"id": "a", "resourceType": "AllergyIntolerance", "code": {"text": "卵"}}
    allergy["patient"] = {"reference": "Patient/1"}
    allergy["meta"] = {"tag": [{"system": FILED, "code": "allergy", "display": "卵"}]}
    allergy["meta"]["extension"] = [{"url": SOURCE, "valueReference": {"display": "A医院"}}]
    bundle["entry"].append({"resource": allergy})
    parent = await acting_as_parent(hanako, ueda.actor)
    file = msgspec.json.encode(bundle)
    done = await taking.brought(parent, file)
    assert done.counts.new == {"allergy": 1, "vitals": 1}
    (entry,) = await entries.entries(parent, VITALS)
    assert entry.by == "proxy"
    kept = await taking.bundle(parent)
    said = {
        each["resourceType"]: {
            tag["system"]: tag["code"] for tag in each["meta"]["tag"] if tag["system"] != FILED
        }
        for each in taking.resources(kept)
        if each["resourceType"] in ("Observation", "AllergyIntolerance")
    }
    claim = {} if claimed == "proxy" else {CLAIMED: claimed}
    assert said["Observation"] == {PROVENANCE: "proxy", **claim}
    assert said["AllergyIntolerance"] == {PROVENANCE: "proxy", CLAIMED: "brought"}
    # It is the same record still.
    for again in (file, kept):
        counts = (await taking.brought(parent, again)).counts
        assert (counts.total, counts.held, counts.changed) == (0, 2, 0)
    assert [each.by for each in await entries.entries(parent, VITALS)] == ["proxy"]


def test_a_document_is_what_its_bytes_say() -> None:
    page = b"<script>alert(1)</script>"
    written = b"%PDF-1.7 %%EOF"
    for body, media, is_one in (
        (written, "pdf", True),
        (written, "png", False),
        (page, "pdf", False),
        (b"", "pdf", False),
    ):
        values = {
            "on": "2026-01-01",
            "dated": "2026-01-01",
            "title": "a",
            "media": media,
            "content": base64.b64encode(body).decode(),
        }
        resource = kinds.resource_of(DOCUMENT, values, NOBODY, "", NOBODY)
        assert is_of(DOCUMENT, resource) is is_one
