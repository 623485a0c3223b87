"""One record and its versions, as Dr Satō's system reads them; conditional reads; HEAD."""

from datetime import date, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from uuid import uuid4

from api.access_log.verifier import parse_receipt
from api.consent.lifecycle import dwelling
from api.consent.settings.switches import SetFacility
from api.core.database import unit_of_work
from tests.records import stored
from tests.records.reading.scene import (
    LABORATORY,
    RECEIPT,
    Emr,
    Someone,
    World,
    lab,
    numbers,
    resources,
)


async def amended(hanako: Someone) -> str:
    """A result in three versions; its address."""
    for status in ("preliminary", "final", "amended"):
        (record_id,) = await hanako.has(lab("a", "2026-01-10", status=status))
    return f"/Observation/{record_id}"


async def test_a_read_says_which_version_it_is_and_when_it_came(hanako: Someone, emr: Emr):
    path = await amended(hanako)
    answer = await emr.get(path)
    assert answer.headers["etag"] == 'W/"3"'
    assert answer.json()["meta"]["versionId"] == "3"
    assert answer.json()["status"] == "amended"
    assert parsedate_to_datetime(answer.headers["last-modified"]).year >= 2026


async def test_whoever_has_the_version_gets_no_copy_but_the_look_is_logged(
    hanako: Someone, emr: Emr
):
    path = await amended(hanako)
    modified = (await emr.get(path)).headers["last-modified"]
    earlier = format_datetime(parsedate_to_datetime(modified) - timedelta(seconds=1), usegmt=True)
    before = len(await stored.log(hanako.id))
    for headers, status in (
        ({"if_none_match": 'W/"3"'}, 304),
        ({"if_none_match": '"3"'}, 304),
        ({"if_none_match": 'W/"1", W/"3"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": 'W/"2"'}, 200),
        ({"if_modified_since": modified}, 304),
        ({"if_modified_since": earlier}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_none_match": 'W/"2"', "if_modified_since": modified}, 200),
    ):
        answer = await emr.get(path, **headers)
        assert answer.status_code == status, headers
        assert (answer.content == b"") == (status == 304)
        assert answer.headers["etag"] == 'W/"3"'
        assert answer.headers[RECEIPT]
    log = await stored.log(hanako.id)
    assert len(log) == before + 9
    assert {row.event for row in log[:9]} == {"records:record:read"}


async def test_head_tells_what_get_would_without_the_record(hanako: Someone, emr: Emr):
    path = await amended(hanako)
    for each in (path, f"{path}/_history/2"):
        got, asked = await emr.get(each), await emr.send("HEAD", each)
        assert asked.status_code == 200
        assert asked.content == b""
        assert asked.headers["etag"] == got.headers["etag"]
        assert asked.headers["last-modified"] == got.headers["last-modified"]
        assert asked.headers[RECEIPT]
    nothing = await emr.send("HEAD", f"/Observation/{uuid4()}")
    assert (nothing.status_code, nothing.content) == (404, b"")


async def test_an_earlier_version_is_read_by_its_number(hanako: Someone, emr: Emr):
    path = await amended(hanako)
    for number, status in ((1, "preliminary"), (2, "final"), (3, "amended")):
        answer = await emr.get(f"{path}/_history/{number}")
        assert answer.json()["status"] == status
        assert answer.headers["etag"] == f'W/"{number}"'
    for number in ("4", "0", "-1", "x", "٣", "1e1", "999999999999"):
        assert (await emr.get(f"{path}/_history/{number}")).status_code == 404, number


async def test_the_history_of_a_record_is_the_newest_first_and_in_pages(hanako: Someone, emr: Emr):
    path = await amended(hanako)
    whole = await emr.bundle(f"{path}/_history")
    assert (whole["type"], whole["total"]) == ("history", 3)
    assert [each["meta"]["versionId"] for each in resources(whole)] == ["3", "2", "1"]
    assert [each["request"]["method"] for each in whole["entry"]] == ["PUT", "PUT", "POST"]
    assert [each["response"]["etag"] for each in whole["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    modified = whole["entry"][0]["response"]["lastModified"]
    assert modified == resources(whole)[0]["meta"]["lastUpdated"]
    pages = await emr.pages(f"{path}/_history", ("_count", 2))
    assert [len(resources(page)) for page in pages] == [2, 1]
    since = await emr.bundle(f"{path}/_history", ("_since", modified))
    assert [each["meta"]["versionId"] for each in resources(since)] == ["3"]


async def test_versions_are_seen_by_whoever_may_see_the_record_and_by_nobody_else(
    hanako: Someone, emr: Emr
):
    path = await amended(hanako)
    await hanako.wants(SetFacility(hanako.world.clinic.facility_id, on=False))
    for each in (path, f"{path}/_history", f"{path}/_history/1"):
        answer = await emr.get(each)
        assert answer.status_code == 404
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers[RECEIPT]
    assert (await stored.log(hanako.id))[0].outcome == "denied"


async def test_what_a_record_was_while_of_a_kind_she_keeps_back_is_not_in_its_history(
    hanako: Someone, emr: Emr
):
    vitals = [{"coding": [{"system": LABORATORY, "code": "vital-signs"}]}]
    await hanako.has(lab("a", "2026-01-10"))
    (record_id,) = await hanako.has(lab("a", "2026-01-10", category=vitals))
    path = f"/Observation/{record_id}"
    assert (await emr.bundle(f"{path}/_history"))["total"] == 1
    assert (await emr.get(f"{path}/_history/1")).status_code == 404
    assert (await emr.get(f"{path}/_history/2")).status_code == 200


async def test_the_history_begins_with_the_day_records_are_shown_from(hanako: Someone, emr: Emr):
    await hanako.has(lab("a", "2025-01-10"))
    (record_id,) = await hanako.has(lab("a", "2026-01-10"))
    path = f"/Observation/{record_id}"
    assert (await emr.bundle(f"{path}/_history"))["total"] == 2
    await dwelling.show_from(hanako.actor, date(2025, 6, 1))
    assert (await emr.bundle(f"{path}/_history"))["total"] == 1
    assert (await emr.get(f"{path}/_history/1")).status_code == 404


async def test_whoever_wrote_a_record_sees_all_its_history(hanako: Someone, http, world: World):
    vitals = [{"coding": [{"system": LABORATORY, "code": "vital-signs"}]}]
    await hanako.has(lab("a", "2026-01-10"))
    (record_id,) = await hanako.has(lab("a", "2026-01-11", category=vitals))
    own = Emr(http, await world.hospital_emr.token())
    assert (await own.bundle(f"/Observation/{record_id}/_history"))["total"] == 2


async def test_a_version_stands_under_its_own_type_alone(hanako: Someone, emr: Emr):
    path = (await amended(hanako)).replace("Observation", "Condition")
    for each in (path, f"{path}/_history", f"{path}/_history/1"):
        assert (await emr.get(each)).status_code == 404
    for path in ("/Patient/x/_history", "/Consent/x/_history/1", "/Nonsense/x", "/Nonsense"):
        assert (await emr.get(path)).status_code == 404, path


async def test_everything_is_who_she_is_and_all_that_may_be_seen_in_one_act(
    hanako: Someone, emr: Emr
):
    ids = await hanako.has(*(lab(f"{n}", f"2026-01-1{n}") for n in range(5)))
    before = len(await stored.log(hanako.id))
    whole = await emr.bundle(f"/Patient/{hanako.id}/$everything")
    person, *records = resources(whole)
    assert (person["resourceType"], person["name"][0]["text"]) == ("Patient", "山本 花子")
    assert {each["id"] for each in records} == {str(each) for each in ids}
    assert whole["total"] == 6
    log = await stored.log(hanako.id)
    assert len(log) == before + 1
    told = {(each["type"], each["count"]) for each in log[0].detail["resources"]}
    assert told == {("Patient", 1), ("Observation", 5)}


async def test_everything_is_narrowed_and_paged(hanako: Someone, emr: Emr):
    await hanako.has(*(lab(f"{n}", f"2026-01-1{n}") for n in range(5)))
    path = f"/Patient/{hanako.id}/$everything"

    async def found(*pairs: tuple[str, str]) -> list[str]:
        pages = await emr.pages(path, *pairs)
        totals = {page["total"] for page in pages}
        everything = resources(*pages)
        assert totals == {len(everything)}
        records = [each for each in everything if each["resourceType"] != "Patient"]
        return sorted(each["identifier"][0]["value"] for each in records)

    assert await found(("_count", "2")) == list("01234")
    assert await found(("start", "2026-01-11"), ("end", "2026-01-12")) == ["1", "2"]
    assert await found(("_since", "2000-01-01")) == list("01234")
    assert await found(("_since", "2100-01-01")) == []
    assert await found(("_type", "Condition")) == []
    assert await found(("_type", "Patient,Observation"), ("_count", "3")) == list("01234")
    for name in ("Condition", "Patient"):
        only = await emr.bundle(path, ("_type", name))
        assert [each["resourceType"] for each in resources(only)] == ["Patient"] * (
            name == "Patient"
        )
    for pair in (("_type", "Nonsense"), ("start", "x"), ("start", "ge2026"), ("code", "x")):
        assert (await emr.get(path, pair)).status_code == 400, pair
    assert (await emr.get(path.replace("Patient", "Observation"))).status_code == 404


async def test_everything_of_nobody_and_of_who_shows_nothing_looks_alike(hanako: Someone, emr: Emr):
    await hanako.has(lab("a", "2026-01-10"))
    await hanako.wants(SetFacility(hanako.world.clinic.facility_id, on=False))
    refused = await emr.get(f"/Patient/{hanako.id}/$everything")
    nobody = await emr.get(f"/Patient/{uuid4()}/$everything")
    assert (refused.status_code, refused.text) == (404, nobody.text)
    assert nobody.status_code == 404
    assert (await stored.log(hanako.id))[0].outcome == "denied"


async def test_each_answer_is_one_event_and_its_receipt_is_of_it(hanako: Someone, emr: Emr):
    path = await amended(hanako)
    whom = f"patient={hanako.id}"
    for number, each in enumerate(
        (
            f"/Observation?{whom}",
            f"/Observation?{whom}&code=x",
            f"/Observation?{whom}&_summary=count",
            f"?{whom}&_sort=date",
            path,
            f"{path}/_history",
            f"{path}/_history/1",
            f"{path}/_history/9",
            f"/Patient/{hanako.id}",
            f"/Patient/{hanako.id}/$everything",
            f"/Patient/{hanako.id}/$everything?start=2100",
            f"/Patient?_id={hanako.id}",
            f"/Consent/{hanako.id}",
        ),
        start=1,
    ):
        before = (await stored.log(hanako.id))[0].number
        receipt = parse_receipt((await emr.send("GET", each)).headers[RECEIPT])
        newest = (await stored.log(hanako.id))[0]
        assert newest.number == before + 1, (number, each)
        async with unit_of_work(hanako.actor) as tx:
            commit = await tx.fetchval("SELECT last_commit FROM access_log_head")
        assert receipt.commit == commit, each


async def test_a_facility_finds_what_it_wrote_itself_whatever_else_is_closed(
    hanako: Someone, emr: Emr
):
    await hanako.has(lab("mine", "2026-01-10"), by=hanako.world.clinic)
    await hanako.has(lab("theirs", "2026-01-10"))
    await hanako.wants(SetFacility(hanako.world.clinic.facility_id, on=False))
    found = await emr.bundle("/Observation", ("patient", hanako.id), ("category", "lab"))
    assert (numbers(found), found["total"]) == (["mine"], 1)
    whole = await emr.bundle(f"/Patient/{hanako.id}/$everything")
    person, record = resources(whole)
    assert person == {"resourceType": "Patient", "id": str(hanako.id)}
    assert record["identifier"][0]["value"] == "mine"
