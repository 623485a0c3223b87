"""Whom the desk has in front of it: by card, own number, insurance, or the code on a phone."""

import pytest

from api.consent.agreeing import desk_code
from api.core.database import unit_of_work
from api.fhir.codes import CARD, DESK_CODE, INSURANCE_MEMBER, patient_in_facility
from tests.portal import scene
from tests.records import stored
from tests.records.reading.scene import RECEIPT, Emr, Json, Someone, World, resources, someone

INSURER = "33120015"


async def insured(who: Someone, number: str) -> str:
    """Her insurance as a card says it; the identifier as the national services write it."""
    await scene.insured(who.actor, INSURER, number)
    return f"{INSURANCE_MEMBER}|{INSURER}:くま:{number}:01"


async def born(who: Someone) -> str:
    async with unit_of_work(who.actor) as tx:
        return str(await tx.fetchval("SELECT birth_on FROM participant"))


def people(bundle: Json) -> list[str]:
    return [each["id"] for each in resources(bundle)]


async def test_she_is_found_by_insurance_and_birth_date_together(hanako: Someone, emr: Emr):
    number = str(hanako.id.int)[-8:]
    identifier, day = await insured(hanako, number), await born(hanako)
    wide = identifier.replace(number, "".join(chr(ord(c) + 0xFEE0) for c in number))
    for each in (identifier, wide):
        found = await emr.bundle("/Patient", ("identifier", each), ("birthdate", day))
        assert people(found) == [str(hanako.id)]
        assert number not in str(found["link"])
    for one, other in (
        (identifier, "1900-01-01"),
        (identifier.replace(":01", ":02"), day),
        (identifier.replace("くま", ""), day),
        (identifier.replace(INSURER, "33120016"), day),
        (f"{INSURANCE_MEMBER}|x", day),
    ):
        nobody = await emr.bundle("/Patient", ("identifier", one), ("birthdate", other))
        assert (people(nobody), nobody["total"]) == ([], 0)
    assert (await stored.log(hanako.id))[0].event == "records:participant:found"


async def test_insurance_two_people_share_finds_neither(world: World, hanako: Someone, emr: Emr):
    number = str(hanako.id.int)[-8:]
    for who in (hanako, await someone(world)):
        identifier, day = await insured(who, number), await born(who)
    found = await emr.bundle("/Patient", ("identifier", identifier), ("birthdate", day))
    assert people(found) == []


@pytest.mark.parametrize("lets_in", [True, False])
async def test_whoever_shows_nothing_is_not_found_by_any_number(
    world: World, emr: Emr, lets_in: bool
):
    who = await someone(world, lets_in=lets_in)
    identifier = await insured(who, str(who.id.int)[-8:])
    ways = (
        [("identifier", f"{CARD}|{who.card.digits}")],
        [("identifier", identifier), ("birthdate", await born(who))],
        [("_id", str(who.id))],
    )
    for pairs in ways:
        found = await emr.bundle("/Patient", *pairs)
        assert people(found) == [str(who.id)] * lets_in, pairs


async def test_a_facility_finds_whom_it_knows_by_its_own_number(
    world: World, hanako: Someone, emr: Emr
):
    number = f"N{hanako.id.hex[-8:]}"
    await scene.knows_as(world.clinic, hanako.actor, number)
    own = f"{patient_in_facility(world.clinic.code)}|{number}"
    others = f"{patient_in_facility(world.hospital.code)}|{number}"
    assert people(await emr.bundle("/Patient", ("identifier", own))) == [str(hanako.id)]
    assert people(await emr.bundle("/Patient", ("identifier", others))) == []


async def test_the_code_she_shows_at_the_desk_opens_and_names_her_once(world: World, emr: Emr):
    who = await someone(world, lets_in=False)
    code = await desk_code.make(who.actor, level=0)
    form = {"identifier": f"{DESK_CODE}|{code.digits}"}
    in_an_address = await emr.get("/Patient", *form.items())
    assert in_an_address.status_code == 400
    answer = await emr.send("POST", "/Patient/_search", data=form)
    (person,) = resources(answer.json())
    assert (person["id"], "identifier" in person) == (str(who.id), False)
    assert person["name"][0]["text"] == "山本 花子"
    assert code.digits not in answer.text
    assert answer.headers[RECEIPT]
    again = await emr.send("POST", "/Patient/_search", data=form)
    assert (again.status_code, people(again.json())) == (200, [])
    wrong = await emr.send("POST", "/Patient/_search", data={"identifier": f"{DESK_CODE}|x"})
    assert people(wrong.json()) == []


@pytest.mark.parametrize(
    "pairs",
    [
        [("identifier", f"{INSURANCE_MEMBER}|{INSURER}:x:1:01")],
        [("identifier", f"{INSURANCE_MEMBER}|{INSURER}:x:1:01"), ("birthdate", "1968")],
        [("identifier", f"{CARD}|1"), ("birthdate", "1968-05-03")],
        [("identifier", f"{CARD}|1"), ("_id", "1")],
        [("_id", "1"), ("birthdate", "1968-05-03")],
        [("birthdate", "1968-05-03")],
        [("identifier", "1")],
        [("name", "花子")],
        [],
    ],
    ids=str,
)
async def test_nobody_is_sought_by_less(emr: Emr, pairs: list[tuple[str, str]]):
    answer = await emr.get("/Patient", *pairs)
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"
