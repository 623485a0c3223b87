"""An app keeps the record of a pregnancy: the same rules, the same refusals."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from api.core import clock
from api.phr.maternal import schedule
from api.phr.maternal.fetal_table import TABLE
from tests.portal.scene import Visitor

HERE = "/me/pregnancies"


def day(weeks: int = 0, days: int = 0) -> str:
    return (clock.today_in_japan() + timedelta(weeks=weeks, days=days)).isoformat()


async def sent(who: Visitor, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {who.token}", "accept-language": "ja"}
    return await who.browser.request(method, path, json=body, headers=headers)


async def begun(who: Visitor, **fields: str) -> str:
    fields = {"edd": day(10), **fields}
    answer = await who.tell(HERE, {"fields": fields})
    assert answer.status_code == 201, answer.text
    return f"{HERE}/{answer.json()['id']}"


async def test_from_its_first_day_to_the_birth(hanako: Visitor) -> None:
    here = await begun(hanako, height="158.5", weight_before="52")
    visit = {"kind": "visit", "fields": {"on": day(), "weight": "59.4", "tests": "gbs"}}
    written = await hanako.tell(f"{here}/entries", visit)
    assert written.status_code == 201, written.text
    scan = {"kind": "ultrasound", "fields": {"on": day(), "bpd": "75", "ac": "250", "fl": "55"}}
    blood = {"kind": "blood", "fields": {"on": day(), "haemoglobin": "10.5"}}
    for body in (scan, blood):
        assert (await hanako.tell(f"{here}/entries", body)).status_code == 201
    whole = (await hanako.ask(here)).json()
    assert (whole["state"], whole["weeks"], whole["days"]) == ("open", 30, 0)
    assert (whole["bmi"], whole["build"], whole["gain"]) == ("20.7", "usual", ["10", "13"])
    assert [each["state"] for each in whole["visits"]].count("done") == 1
    assert len(whole["visits"]) == 14
    assert [date.fromisoformat(each) for each in whole["rsv"]] == [
        max(date.fromisoformat(whole["begin_on"]) + timedelta(weeks=28), schedule.RSV_SINCE),
        date.fromisoformat(whole["begin_on"]) + timedelta(weeks=37, days=-1),
    ]
    assert whole["editions"] == {
        "visits": "mhlw-2015-226",
        "gain": "jsog-2021",
        "measured": "jsum-2003",
        "rsv": "2026-04",
    }
    (measured,) = whole["measured"]
    assert (measured["grams"], measured["mean"], measured["place"]) == (1483, 1470, "within")
    notes = {each["kind"]: each["notes"] for each in whole["entries"]}
    assert notes == {"visit": [], "ultrasound": [], "blood": ["haemoglobin"]}
    gbs = next(each for each in whole["tests"] if each["test"] == "gbs")
    assert (gbs["first_week"], gbs["last_week"], gbs["state"]) == (33, 37, "done")

    entry = f"{here}/entries/{written.json()['id']}"
    change = {**visit, "fields": {"on": day(), "weight": "59.0"}, "version": 1}
    assert (await sent(hanako, "PUT", entry, change)).status_code == 200
    change["fields"] = {"on": day(), "weight": "59.1"}
    assert (await sent(hanako, "PUT", entry, change)).status_code == 409
    other = {"kind": "blood", "fields": {"on": day(), "haemoglobin": "10.5"}, "version": 2}
    assert (await sent(hanako, "PUT", entry, other)).status_code == 404
    assert (await sent(hanako, "DELETE", entry)).status_code == 204
    assert (await sent(hanako, "DELETE", entry)).status_code == 204

    correct = {"fields": {"edd": day(3), "dated_by": "ultrasound"}, "version": 1}
    assert (await sent(hanako, "PUT", here, correct)).status_code == 200
    whole = (await hanako.ask(here)).json()
    assert [each["due_on"] for each in whole["due_dates"]] == [day(3), day(10)]
    birth = {"kind": "birth", "fields": {"on": day(), "babies": "1"}, "key": "one"}
    (first, again) = [await hanako.tell(f"{here}/entries", birth) for _ in range(2)]
    assert first.json() == again.json(), "the same key is the same birth"
    assert (await hanako.tell(f"{here}/entries", {**birth, "key": "two"})).status_code == 409
    child = {"kind": "newborn", "fields": {"number": "1", "weight": "2980", "sex": "female"}}
    assert (await hanako.tell(f"{here}/entries", child)).status_code == 201
    whole = (await hanako.ask(here)).json()
    assert (whole["state"], whole["weeks"]) == ("born", None)
    assert whole["birth"]["id"] == first.json()["id"]
    assert [each["values"]["weight"] for each in whole["newborns"]] == ["2980"]
    assert (await hanako.tell(f"{here}/close", {})).status_code == 409


async def test_refusals_name_the_field_and_what_is_odd_is_said_yes_to(hanako: Visitor) -> None:
    refused = await hanako.tell(HERE, {"fields": {"edd": day(43)}})
    assert refused.status_code == 422
    assert "42週" in refused.json()["fields"]["edd"]
    here = await begun(hanako)
    assert (await hanako.tell(HERE, {"fields": {"edd": day(12)}})).status_code == 409
    odd = {"kind": "visit", "fields": {"on": day(), "weight": "130"}}
    asked = await hanako.tell(f"{here}/entries", odd)
    assert asked.status_code == 422
    assert set(asked.json()["odd"]) == {"weight"}
    yes = await hanako.tell(f"{here}/entries", {**odd, "sure": asked.json()["sure"]})
    assert yes.status_code == 201
    closed = {"fields": {"edd": day(3), "is_closed": "yes"}, "version": 1}
    assert (await sent(hanako, "PUT", here, closed)).status_code == 200
    assert (await hanako.ask(here)).json()["state"] == "open", "no form closes it by a field"
    unknown = {"kind": "poem", "fields": {}}
    assert (await hanako.tell(f"{here}/entries", unknown)).status_code == 400


async def test_the_same_key_begins_one(hanako: Visitor) -> None:
    wish = {"fields": {"edd": day(10)}, "key": "phone-1"}
    first, again = [await hanako.tell(HERE, wish) for _ in range(2)]
    assert first.json() == again.json()
    assert len((await hanako.ask(HERE)).json()) == 1


async def test_a_closed_one_is_listed_only_where_it_is_asked_for(hanako: Visitor) -> None:
    here = await begun(hanako)
    assert (await hanako.tell(f"{here}/close", {})).status_code == 200
    assert (await hanako.ask(HERE)).json() == []
    (listed,) = (await hanako.ask(f"{HERE}?closed=true")).json()
    assert (listed["state"], listed["weeks"]) == ("closed", None)
    assert "is_closed" not in listed["values"]
    assert (await hanako.tell(f"{here}/reopen", {})).status_code == 200
    assert len((await hanako.ask(HERE)).json()) == 1
    assert (await sent(hanako, "DELETE", here)).status_code == 204
    assert (await hanako.ask(f"{HERE}?closed=true")).json() == []


async def test_nobody_else_finds_it(hanako: Visitor, yumi: Visitor) -> None:
    here = await begun(hanako)
    visit = {"kind": "visit", "fields": {"on": day(), "weight": "59"}}
    written = (await hanako.tell(f"{here}/entries", visit)).json()["id"]
    entry = f"{here}/entries/{written}"
    for method, path, body in (
        ("GET", here, None),
        ("PUT", here, {"fields": {"edd": day(3)}, "version": 1}),
        ("DELETE", here, None),
        ("POST", f"{here}/close", {}),
        ("POST", f"{here}/reopen", {}),
        ("POST", f"{here}/entries", visit),
        ("PUT", entry, {**visit, "version": 1}),
        ("DELETE", entry, None),
        ("GET", f"{HERE}/{uuid4()}", None),
    ):
        assert (await sent(yumi, method, path, body)).status_code == 404, (method, path)
    assert (await hanako.ask(here)).json()["entries"][0]["values"]["weight"] == "59"


async def test_an_app_draws_the_weights_before_birth_as_the_page_does(hanako: Visitor) -> None:
    here = await begun(hanako)
    place = f"{here}/fetal-weights"
    none = (await hanako.ask(place)).json()
    assert none["measured"] == []
    for grams, number in (("1500", "1"), ("1050", "2")):
        fields = {"on": day(), "weight_told": grams, "fetus": number}
        scan = {"kind": "ultrasound", "fields": fields}
        assert (await hanako.tell(f"{here}/entries", scan)).status_code == 201
    for language in ("ja", "en"):
        headers = {"authorization": f"Bearer {hanako.token}", "accept-language": language}
        found = (await hanako.browser.get(place, headers=headers)).json()
        page = await hanako.browser.get(
            f"{here.replace('/me/pregnancies', '/book/pregnancy')}/charts",
            headers={"accept-language": language},
        )
        assert f"<p>{found['says']}</p>" in page.text
        assert "1,050" in found["says"]
        assert found["source"] in page.text
    assert found["edition"] == "jsum-2003"
    assert {
        each["weeks"]: (each["low"], each["mean"], each["high"]) for each in found["curve"]
    } == {week: tuple(grams) for week, grams in TABLE.items()}
    assert [(each["fetus"], each["grams"], each["place"]) for each in found["measured"]] == [
        ("1", 1500, "within"),
        ("2", 1050, "below"),
    ]
