"""A slip of the finger is asked about once beside the person's own last value, at every door."""

import re
from datetime import date, timedelta

import pytest

from api.core import clock, i18n
from tests.phr.child.scene import begun, day, grown
from tests.phr.maternal.test_pregnancy_by_proxy import acts, ueda  # noqa: F401
from tests.phr.vitals.people import measured, send, upload
from tests.portal.scene import Visitor, forms, sent

HERE = "/book/vitals"


def ago(days: int) -> str:
    return (clock.today_in_japan() - timedelta(days=days)).isoformat()


def weight(value: str, days: int, **more: str) -> dict[str, object]:
    return {"kind": "weight", "on": ago(days), "values": {"weight": value}, **more}


async def put(who: Visitor, where: str, body: object):
    headers = {"authorization": f"Bearer {who.token}"}
    return await who.browser.put(where, json=body, headers=headers)


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_the_form_asks_once_and_keeps_what_was_typed(hanako: Visitor, locale: str) -> None:
    assert (await hanako.post(HERE, on=ago(7), time="07:00", weight="57.3")).status_code == 303
    await hanako.get(HERE, locale=locale)
    typed = {"on": ago(0), "time": "00:00", "weight": "87.3"}
    asked = await hanako.post(HERE, typed, kinds="weight")
    assert asked.status_code == 422
    day_said = i18n.day(locale, date.fromisoformat(ago(7)))
    said = i18n.text(locale, "own.odd.leap", day=day_said, value="57.3 kg")
    assert said in asked.text
    assert "57.3 kg" in said
    assert 'value="87.3"' in asked.text
    (form,) = (each for each in forms(asked.text) if f'action="{HERE}"' in each)
    assert form.count("<button") == 1
    assert i18n.text(locale, "own.odd.go") in form
    assert len(await measured(hanako)) == 1
    path, held = sent(form)
    saved = await hanako.post(path, held, **typed)
    assert saved.status_code == 303, saved.text
    assert [each["values"]["weight"] for each in await measured(hanako)] == ["87.3", "57.3"]


async def test_a_second_tap_on_yes_is_the_first(hanako: Visitor) -> None:
    """Beside something else that is odd, which stays odd."""
    await hanako.post(HERE, on=ago(7), time="07:00", weight="57.3")
    typed = {"on": ago(0), "time": "00:00", "weight": "87.3", "temperature": "40.1"}
    asked = await hanako.post(HERE, **typed)
    (form,) = (each for each in forms(asked.text) if f'action="{HERE}"' in each)
    path, fields = sent(form)
    fields |= typed
    first = await hanako.post(path, fields)
    again = await hanako.post(path, fields)
    assert (first.status_code, again.status_code) == (303, 303), again.text
    assert len(await measured(hanako)) == 3


async def test_an_app_is_asked_alike_and_a_device_never(hanako: Visitor) -> None:
    assert (await hanako.tell("/me/vitals", weight("57.3", 7))).status_code == 201
    asked = await hanako.tell("/me/vitals", weight("87.3", 0))
    assert (asked.status_code, set(asked.json()["odd"])) == (422, {"weight"})
    assert asked.json()["fields"] == {}
    assert "57.3 kg" in asked.json()["odd"]["weight"]
    sure = asked.json()["sure"]
    assert (await hanako.tell("/me/vitals", weight("77.3", 0, sure=sure))).status_code == 422
    assert (await hanako.tell("/me/vitals", weight("87.3", 0, sure=sure))).status_code == 201
    at = f"{ago(1)}T07:05:00+09:00"
    sample = {"id": "scale-1", "kind": "weight", "measured_at": at, "values": {"weight": "72.3"}}
    (answer,) = await send(hanako, sample)
    assert answer["status"] == "created"
    kept = await upload(hanako, "/me/vitals/import", f"日付,体重\n{ago(3)},31.5\n".encode())
    assert kept.json()["added"] == 1, "what a file says was shown before it was kept"


async def test_for_an_earlier_day_it_is_asked_beside_what_came_after(hanako: Visitor) -> None:
    await hanako.tell("/me/vitals", weight("57.3", 2))
    asked = await hanako.tell("/me/vitals", weight("87.3", 9))
    assert set(asked.json()["odd"]) == {"weight"}
    assert (await hanako.tell("/me/vitals", weight("58.1", 9))).status_code == 201


async def test_a_correction_is_not_held_to_what_it_corrects(hanako: Visitor) -> None:
    await hanako.tell("/me/vitals", weight("57.3", 9))
    asked = await hanako.tell("/me/vitals", weight("87.3", 2))
    slip = weight("87.3", 2, sure=asked.json()["sure"])
    where = f"/me/vitals/{(await hanako.tell('/me/vitals', slip)).json()['id']}"
    timed = await put(hanako, where, weight("87.3", 2, time="07:30") | {"version": 1})
    assert timed.status_code == 200, "asked about already"
    other = await put(hanako, where, weight("97.3", 2) | {"version": 2})
    assert set(other.json()["odd"]) == {"weight"}
    right = weight("57.5", 2) | {"version": 2}
    assert (await put(hanako, where, right)).status_code == 200
    assert (await put(hanako, where, right)).status_code == 200, "a tap too many"
    asked = await put(hanako, where, weight("87.5", 2) | {"version": 3})
    wrong = weight("87.5", 2) | {"version": 3, "sure": asked.json()["sure"]}
    assert (await put(hanako, where, wrong)).json()["version"] == 4
    assert (await put(hanako, where, wrong)).json()["version"] == 4


async def test_who_writes_for_somebody_is_asked_and_told_nothing(
    yumi: Visitor,
    hanako: Visitor,
    ueda: Visitor,  # noqa: F811
) -> None:
    assert (await yumi.tell("/me/vitals", weight("57.3", 7))).status_code == 201
    await acts(yumi, hanako, ueda, "upload")
    asked = await hanako.post(HERE, on=ago(0), time="00:00", kinds="weight", weight="87.3")
    assert asked.status_code == 422
    assert i18n.text("ja", "own.odd.leap_untold") in asked.text
    banner = re.search(r'id="odd">.*?</div>', asked.text, re.DOTALL)
    assert banner
    assert "57.3" not in banner[0]


async def test_a_childs_height_does_not_shrink(hanako: Visitor) -> None:
    child = await begun(hanako)
    await grown(hanako, child, 100, height="61.5", weight="6.1")
    where = f"/book/children/{child.book_id}/growth/new"
    typed = {"on": day(130), "height": "58.5", "weight": "6.7"}
    asked = await hanako.post(where, typed)
    assert asked.status_code == 422
    assert "61.5 cm" in asked.text
    assert 'value="58.5"' in asked.text
    assert 'value="6.7"' in asked.text
    (form,) = (each for each in forms(asked.text) if f'action="{where}"' in each)
    path, held = sent(form)
    assert (await hanako.post(path, held, **typed)).status_code == 303
    body = {"fields": {"on": day(140), "height": "53.5"}}
    answer = await hanako.tell(f"/me/children/{child.book_id}/entries/growth", body)
    assert set(answer.json()["odd"]) == {"height"}


async def test_another_childs_measures_are_another_childs(hanako: Visitor) -> None:
    elder = await begun(hanako, born=clock.today_in_japan() - timedelta(days=900), name="はな")
    younger = await begun(hanako)
    await grown(hanako, elder, 860, height="85", weight="11.8")
    await grown(hanako, younger, 120, height="62.5", weight="6.5")


async def test_in_a_pregnancy_a_birth_explains_what_is_lost(hanako: Visitor) -> None:
    begun_ = {"edd": ago(10), "weight_before": "52"}
    made = await hanako.tell("/me/pregnancies", {"fields": begun_})
    here = f"/me/pregnancies/{made.json()['id']}/entries"

    async def visit(value: str, days: int):
        return await hanako.tell(
            here, {"kind": "visit", "fields": {"on": ago(days), "weight": value}}
        )

    first = await visit("83.5", 240)
    assert set(first.json()["odd"]) == {"weight"}, "far from the weight before"
    assert (await visit("53.5", 240)).status_code == 201
    assert (await visit("63.8", 14)).status_code == 201
    lost = await visit("54.1", 3)
    assert set(lost.json()["odd"]) == {"weight"}
    birth = {"kind": "birth", "fields": {"on": ago(12), "babies": "1"}}
    assert (await hanako.tell(here, birth)).status_code == 201
    assert (await visit("54.1", 3)).status_code == 201

    assert (await hanako.tell("/me/vitals", weight("64", 13))).status_code == 201
    assert (await hanako.tell("/me/vitals", weight("54.3", 4))).status_code == 201
    risen = await hanako.tell("/me/vitals", weight("64", 1))
    assert set(risen.json()["odd"]) == {"weight"}


async def test_at_school_alike(hanako: Visitor) -> None:
    def checkup(height: str, days: int) -> dict[str, object]:
        return {"fields": {"on": ago(days), "grade": "e3", "height": height}}

    grade = (await hanako.tell("/me/school-checkups", checkup("128.5", 400))).json()
    assert "id" in grade, grade
    asked = await hanako.tell("/me/school-checkups", checkup("113.5", 30))
    assert set(asked.json()["odd"]) == {"height"}
