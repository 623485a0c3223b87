"""What holds for an app in every book: retries add nothing, nothing is lost unseen, edits meet."""

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
    first, second = [await tell(hanako, "PUT", f"{path}/{made['id']}", edit) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 409), first.text
    assert second.json()["next"]
    del edit["version"]
    assert (await tell(hanako, "PUT", f"{path}/{made['id']}", edit)).status_code in (400, 409)


@EACH
async def test_an_old_copy_on_one_phone_removes_nothing_another_has_corrected(
    hanako: Visitor, name: str
) -> None:
    door = DOORS[name]
    path = await path_of(hanako, door)
    one = f"{path}/{(await tell(hanako, 'POST', path, door.body)).json()['id']}"
    edit = {**door.body, "key": "phone-1", "version": 1}
    assert (await tell(hanako, "PUT", one, edit)).status_code == 200
    refused = await tell(hanako, "DELETE", f"{one}?version=1")
    assert refused.status_code == 409, refused.text
    assert refused.json()["next"]
    gone, again = [await tell(hanako, "DELETE", f"{one}?version=2") for _ in range(2)]
    assert (gone.status_code, again.status_code) == (204, 404)


async def test_whom_to_call_is_answered_with_the_version_for_the_next_change(
    hanako: Visitor,
) -> None:
    door = "/me/wishes/people"
    yumi = {"name": "由美", "relation": "娘", "telephone": "09012345678"}
    first = (await tell(hanako, "PUT", door, {"people": [yumi]})).json()
    assert first == {"people": [yumi], "version": 1}
    body = {"people": [{**yumi, "relation": "長女"}], "version": first["version"]}
    assert (await tell(hanako, "PUT", door, body)).json()["version"] == 2
    assert (await tell(hanako, "PUT", door, body)).status_code == 409
    assert (await tell(hanako, "PUT", door, {"people": [], "version": 2})).json() == {
        "people": [],
        "version": 0,
    }


async def test_a_document_sent_again_is_there_once(hanako: Visitor) -> None:
    headers = {"authorization": f"Bearer {hanako.token}"}
    for _ in range(2):
        answer = await hanako.browser.post(
            "/me/wishes/document",
            files={"file": ("a.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n")},
            data={"title": "事前指示書", "dated": "2026-05-01", "key": "phone-1"},
            headers=headers,
        )
        assert answer.status_code == 201, answer.text
    assert len((await hanako.ask("/me/wishes")).json()["documents"]) == 1


async def test_school_checkups_of_a_child_stay_in_that_childs_book(hanako: Visitor) -> None:
    door = DOORS["a child's school"]
    path, other = await path_of(hanako, door), await path_of(hanako, door)
    one = (await tell(hanako, "POST", path, door.body)).json()["id"]
    edit = {**door.body, "key": "phone-1", "version": 1}
    for method, where, body in (
        ("PUT", "", edit),
        ("GET", "/versions", None),
        ("DELETE", "", None),
    ):
        answer = await tell(hanako, method, f"{other}/{one}{where}", body)
        assert answer.status_code == 404, method
    page = path.replace("/me/school-checkups/children", "/book/children")
    other_page = other.replace("/me/school-checkups/children", "/book/children")
    assert (await hanako.get(f"{page}/school-checkups/{one}")).status_code == 200
    assert (await hanako.get(f"{other_page}/school-checkups/{one}")).status_code == 404
    assert (await hanako.post(f"{other_page}/school-checkups/{one}/remove")).status_code == 404


async def test_school_checkups_in_the_book_of_oneself_are_changed_and_removed_there(
    hanako: Visitor,
) -> None:
    body = {
        "fields": {"on": "1940-04-09", "name": "花子", "sex": "female"},
        "is_self": True,
        "key": "mine",
    }
    book = await tell(hanako, "POST", "/me/children", body)
    assert book.status_code == 201, book.text
    again = await tell(hanako, "POST", "/me/children", body)
    assert again.json()["id"] == book.json()["id"]
    door = DOORS["a child's school"]
    path = door.path.format(child_id=book.json()["id"])
    made = await tell(hanako, "POST", path, door.body)
    assert made.status_code == 201, made.text
    one = f"{path}/{made.json()['id']}"
    assert (await tell(hanako, "PUT", one, {**door.body, "version": 1})).status_code == 200
    assert len((await hanako.ask(f"{one}/versions")).json()) == 2
    assert (await tell(hanako, "DELETE", one)).status_code == 204
