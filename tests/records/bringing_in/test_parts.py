"""What is too much for one file comes in by its parts, in whatever order."""

import re
from uuid import uuid4

import pytest

from api.consent.lifecycle import leaving
from api.phr.entries import service as entries
from api.records.bringing_in import reading
from api.records.checkup_xml import own as checkups
from api.records.taking_out import rules, service, writing
from api.records.taking_out.resources import decoded, normal_bundle, own_name
from tests.phr.child.scene import begun, grown
from tests.phr.samples import CHILD
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from tests.records import checkup_files
from tests.records.checkup_files import Examined, checkup
from tests.records.taking_out import taking

HERS = Examined("ヤマモト　ハナコ", checkup_files.date(1940, 4, 9))


async def parts_of(who: Visitor, monkeypatch: pytest.MonkeyPatch, most: int) -> list[bytes]:
    with monkeypatch.context() as patched:
        patched.setattr(writing, "PART_BYTES", most)
        job = await taking.made(who.actor, "fhir")
    names = [each.called for each in job.files]
    assert names[:3] == ["fhir", "fhir-2", "fhir-3"]
    assert [each.part for each in job.files] == list(range(1, len(names) + 1))
    found = []
    for name in names:
        fetched = await service.fetch(who.actor, job.export_id, name)
        found.append(b"".join(fetched.pieces))
        assert f"-{len(found)}.fhir.json" in fetched.name
        assert len(found[-1]) == fetched.file.bytes
    return found


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_in_any_order_the_parts_are_the_whole(
    hanako: Visitor,
    clinic: Place,
    pharmacy: Place,
    monkeypatch: pytest.MonkeyPatch,
    is_reversed: bool,
) -> None:
    await taking.wrote_own(hanako.actor)
    yui = await begun(hanako)
    for age in range(1, 60, 6):
        await grown(hanako, yui, age, weight="3.2")
    await checkups.keep(hanako.actor, checkup(HERS))
    medicine = await scene.wrote(
        pharmacy,
        hanako.actor,
        "prescription",
        "アムロジピン錠5mg",
        status="active",
        intent="order",
        medicationCodeableConcept={"text": "アムロジピン錠5mg"},
        subject={"reference": "Patient/4711"},
    )
    await scene.wrote(
        clinic,
        hanako.actor,
        "condition",
        "めまい",
        code={"text": "めまい"},
        subject={"identifier": {"value": "1"}},
        evidence=[{"detail": [{"reference": f"MedicationRequest/{medicine}"}]}],
        asserter={"reference": f"Practitioner/{uuid4()}"},
    )
    whole = await taking.bundle(hanako.actor)
    parts = await parts_of(hanako, monkeypatch, 4000)
    assert len(parts) > 4
    for part in parts:
        named = [own_name(each) for each in taking.resources(part)]
        there = {each.entry for each in named if each}
        assert {each.book for each in named if each} - there <= {""}, "what it hangs on is in it"
        assert sum(each["resourceType"] == "Patient" for each in taking.resources(part)) == 1
    other, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    await leaving.take_part(other, "participating")
    for part in reversed(parts) if is_reversed else parts:
        done = await taking.brought(other, part)
        assert done.state == "done"
        assert done.counts.changed == 0
    after = await taking.bundle(other)
    assert normal_bundle(decoded(after)) == normal_bundle(decoded(whole))
    known = {f"{each['resourceType']}/{each['id']}" for each in taking.resources(after)}
    named = set(re.findall(rb"MedicationRequest/[0-9a-f-]{36}", after))
    assert len(named) == 1
    assert {each.decode() for each in named} <= known, "what names another does so by its id here"
    practitioners = set(re.findall(rb"Practitioner/[0-9a-f-]{36}", whole + after))
    assert len(practitioners) == 1, "what is no record of hers stays named as it was"
    assert len(await entries.entries(other, [CHILD])) == 3
    assert len(await checkups.brought(other)) == 1
    for again in parts:
        counts = (await taking.brought(other, again)).counts
        assert (counts.total, counts.changed) == (0, 0)


async def test_each_part_is_offered_on_the_page(
    hanako: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taking.wrote_own(hanako.actor)
    monkeypatch.setattr(writing, "PART_BYTES", 1500)
    job = await taking.made(hanako.actor, "fhir")
    page = (await hanako.get("/book/out")).text
    count = len(job.files)
    assert f"データ（FHIR）は{count}つに分かれています" in page
    assert f"データ（FHIR）の2つ目（全部で{count}つ）を受け取る" in page
    where = f"/book/out/{job.export_id}/fhir-2"
    assert f'href="{where}"' in page
    assert (await hanako.get(where)).status_code == 200
    assert (await hanako.get(f"/book/out/{job.export_id}/fhir-{count + 1}")).status_code == 404
    assert (await hanako.get(f"/book/out/{uuid4()}/fhir-2")).status_code == 404


def test_the_largest_part_can_be_brought_in() -> None:
    """With a record of the greatest length behind it, and what its entries hang on."""
    assert rules.PART_BYTES + 10 * 1024 * 1024 < reading.MAX_BYTES
    assert writing.PART_BYTES == rules.PART_BYTES
