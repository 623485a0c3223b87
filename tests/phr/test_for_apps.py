"""What holds for an app in every book: retries add nothing, nothing is lost unseen, edits meet."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import httpx
import pytest

from api.core import clock
from tests.portal.scene import Visitor

TODAY = clock.today_in_japan().isoformat()


class Door(NamedTuple):
    """`body` writes one; `inner` is the member its fields stand in, "" where the body has them."""

    path: str
    body: dict[str, Any]
    inner: str = "fields"


SCHOOL = {"fields": {"on": "2026-05-01", "grade": "k3", "height": "98.1"}}
DOORS = {
    "vitals": Door(
        "/me/vitals", {"kind": "weight", "on": TODAY, "values": {"weight": 61}}, "values"
    ),
    "checkups": Door("/me/checkups", {"on": "2025-05-20", "values": {"waist": "88"}}, "values"),
    "immunizations": Door("/me/immunizations", {"vaccine": "influenza", "on": TODAY}, ""),
    "medications": Door("/me/medications", {"fields": {"name": "胃薬", "sort": "otc"}}),
    "allergies": Door("/me/allergies", {"fields": {"name": "卵", "sort": "food"}}),
    "doctors": Door("/me/doctors", {"fields": {"place": "みなと医院"}}),
    "school": Door(
        "/me/school-checkups", {"fields": {"on": "2026-05-01", "grade": "e3", "height": "128.1"}}
    ),
    "pregnancies": Door("/me/pregnancies", {"fields": {"edd": TODAY}}),
    "visits": Door(
        "{pregnancy}/entries", {"kind": "visit", "fields": {"on": TODAY, "weight": "59.4"}}
    ),
    "children": Door(
        "/me/children", {"fields": {"on": "2025-01-29", "name": "ひなた", "sex": "female"}}
    ),
    "growth": Door("{child}/entries/growth", {"fields": {"on": "2026-05-01", "weight": "9.2"}}),
    "milestones": Door(
        "{child}/entries/milestone", {"fields": {"on": "2026-05-01", "which": "walk"}}
    ),
    "a child's checkups": Door(
        "{child}/entries/checkup", {"fields": {"on": "2026-05-01", "which": "m9"}}
    ),
    "a child's doses": Door(
        "{child}/immunizations", {"vaccine": "influenza", "on": "2026-05-01"}, ""
    ),
    "a child's school": Door(
        "/me/school-checkups/children/{child_id}",
        {"fields": {"on": "2026-05-01", "grade": "k3", "height": "98.1"}},
    ),
}
# What is refused of each; a day to come of the others.
WRONG = {
    "medications": ("sort", "herb"),
    "allergies": ("severity", "worst"),
    "doctors": ("telephone", "090"),
    "pregnancies": ("edd", "2099-01-01"),
}
# Another thing to say, where another day says nothing.
CHANGED = {
    "medications": {"name": "かぜ薬"},
    "allergies": {"name": "乳"},
    "doctors": {"place": "れんげ医院"},
    "pregnancies": {"edd": TODAY, "height": "158"},
}
EACH = pytest.mark.parametrize("name", DOORS)


async def tell(
    who: Visitor, method: str, path: str, body: Any = None, language: str = "ja"
) -> httpx.Response:
    headers = {"authorization": f"Bearer {who.token}", "accept-language": language}
    return await who.browser.request(method, path, json=body, headers=headers)


async def path_of(who: Visitor, door: Door) -> str:
    """Where this door is, with the book it leads into."""
    path = door.path
    for part, where in (("child", "children"), ("pregnancy", "pregnancies")):
        if f"{{{part}" in path:
            made = await tell(who, "POST", DOORS[where].path, DOORS[where].body)
            number = made.json()["id"]
            path = path.replace(f"{{{part}_id}}", number)
            path = path.replace(f"{{{part}}}", f"{DOORS[where].path}/{number}")
    return path


def with_field(door: Door, **fields: str) -> dict[str, Any]:
    if not door.inner:
        return {**door.body, **fields}
    return {**door.body, door.inner: {**door.body[door.inner], **fields}}


def changed(name: str) -> dict[str, Any]:
    """The same with another word or day in it."""
    door = DOORS[name]
    if name in CHANGED:
        return with_field(door, **CHANGED[name])
    holder = door.body if "on" in door.body else door.body[door.inner]
    before = (date.fromisoformat(holder["on"]) - timedelta(days=1)).isoformat()
    return {**door.body, "on": before} if "on" in door.body else with_field(door, on=before)


@EACH
async def test_sent_again_under_the_same_key_it_is_there_once(hanako: Visitor, name: str) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    body = {**door.body, "key": "phone-1"}
    first, again = [await tell(hanako, "POST", path, body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.json()["id"] == again.json()["id"]


@EACH
async def test_a_name_there_is_none_of_is_said_and_nothing_is_kept(
    hanako: Visitor, name: str
) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    refused = await tell(hanako, "POST", path, with_field(door, remrak="あとで"))
    if door.inner:
        assert refused.status_code == 422, refused.text
        assert refused.json()["fields"] == {"remrak": "この項目は、ここにはありません。"}
    assert refused.status_code in (400, 422)
    beside = await tell(hanako, "POST", path, {**door.body, "remrak": "あとで"})
    assert (beside.status_code, beside.json()["where"]) == (400, ["remrak"])


@EACH
@pytest.mark.parametrize(
    ("language", "words"), [("ja", "まだ何も保存していません"), ("en", "Nothing has been saved")]
)
async def test_a_refusal_names_the_field_and_the_next_step_in_the_language_asked_for(
    hanako: Visitor, name: str, language: str, words: str
) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    field, value = WRONG.get(name, ("on", "2099-01-01"))
    is_beside = not door.inner or ("on" in door.body and field == "on")
    wrong = {**door.body, field: value} if is_beside else with_field(door, **{field: value})
    refused = await tell(hanako, "POST", path, wrong, language)
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    said = refused.json()
    assert list(said["fields"]) == [field]
    assert words in said["next"]
    assert said["fields"][field].isascii() == said["title"].isascii() == (language == "en")


@EACH
async def test_of_two_phones_the_second_edit_of_one_version_changes_nothing(
    hanako: Visitor, name: str
) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    made = (await tell(hanako, "POST", path, door.body)).json()
    edit = {**door.body, "key": "phone-1", "version": 1}
    first = await tell(hanako, "PUT", f"{path}/{made['id']}", edit)
    second = await tell(hanako, "PUT", f"{path}/{made['id']}", changed(name) | {"version": 1})
    assert (first.status_code, second.status_code) == (200, 409), first.text
    assert second.json()["next"]
    del edit["version"]
    assert (await tell(hanako, "PUT", f"{path}/{made['id']}", edit)).status_code in (400, 409)


@EACH
async def test_an_edit_whose_answer_was_lost_is_answered_again_and_made_once(
    hanako: Visitor, name: str
) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    made = (await tell(hanako, "POST", path, door.body)).json()
    edit = changed(name) | {"version": 1}
    first, again = [await tell(hanako, "PUT", f"{path}/{made['id']}", edit) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert again.json() == first.json()
    for body in (door.body, changed(name)):
        later = {**body, "version": 2 if body is door.body else 1}
        last = await tell(hanako, "PUT", f"{path}/{made['id']}", later)
    assert last.status_code == 409, "of what was changed once more since, nothing is said again"
