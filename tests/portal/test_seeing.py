"""Hanako looks with others' eyes, and at a change before she saves it: portal and app."""

import re
from uuid import UUID, uuid4

import pytest

from api.consent import service as consent
from api.consent.settings.switches import SetCategory, SetEveryone, SetFacility, SetRegion
from tests.portal import scene
from tests.portal.scene import Place, Visitor
from web_portal.pages.disclosure.frame import wish


async def text_of(who: Visitor, path: str, *, locale: str = "ja") -> str:
    answer = await who.get(path, locale=locale)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


@pytest.fixture
async def records(hanako: Visitor, clinic: Place, pharmacy: Place) -> None:
    """Two prescriptions of the pharmacy, one lab result of the clinic; nobody chosen yet."""
    for title in ("アムロジピン錠5mg", "ロキソプロフェン錠60mg"):
        await scene.wrote(pharmacy, hanako.actor, "prescription", title)
    await scene.wrote(clinic, hanako.actor, "lab", "HbA1c")


def on(place: Place) -> SetFacility:
    return SetFacility(facility_id=place.facility_id, on=True)


async def choose(who: Visitor, *commands) -> None:
    version = (await consent.settings(who.actor)).directive.version
    await consent.change(who.actor, list(commands), expected_version=version)


def as_doctor(sato: Visitor) -> str:
    return f"/disclosure/see-as/people/{sato.actor.professional_id}"


async def test_she_finds_dr_sato_and_sees_what_he_sees(hanako, sato, clinic, records):
    await choose(hanako, on(clinic), SetCategory("prescription", False))
    only = f"佐藤 {uuid4().hex}"
    namesake = await scene.professional(clinic, only, "physician")
    found = await text_of(hanako, f"/disclosure/see-as?q={only.replace(' ', '')}")
    assert f"/disclosure/see-as/people/{namesake.professional_id}" in found
    assert as_doctor(sato) not in found
    page = await text_of(hanako, as_doctor(sato))
    assert "佐藤 健一さんから見えるもの" in page
    assert "記録を1件見ることができます。 2件は見えません。" in page
    assert "HbA1c" in page
    assert "アムロジピン" not in page
    assert "「処方（医師が出した薬）」を見せない設定にしているため" in page
    assert "What 佐藤 健一 sees" in await text_of(hanako, as_doctor(sato), locale="en")


async def test_looking_is_told_to_nobody_and_changes_nothing(hanako, sato, clinic, records):
    await choose(hanako, on(clinic))
    before = await hanako.log()
    await text_of(hanako, as_doctor(sato))
    assert await hanako.log() == before


async def test_a_facility_nobody_let_in_sees_what_it_wrote_alone(hanako, pharmacy, records):
    path = f"/disclosure/see-as/facilities/{pharmacy.facility_id}?profession=pharmacist"
    page = await text_of(hanako, path)
    assert "薬剤師から見えるもの" in page
    assert "記録を2件見ることができます。 1件は見えません。" in page
    assert "自分で書いた記録" in page


async def test_who_sees_nothing_is_said_to_see_nothing_and_why(hanako, records):
    stranger = await scene.place("つばき歯科", "ツバキシカ", "Tsubaki Dental", "dental_clinic")
    page = await text_of(hanako, f"/disclosure/see-as/facilities/{stranger.facility_id}")
    assert "記録を見ることはできません。" in page
    assert "見てもよい相手を選んでいないため" in page
    assert f"/disclosure/facilities/{stranger.facility_id}" in page


async def test_one_kind_can_be_listed_alone(hanako, sato, clinic, records):
    await choose(hanako, on(clinic))
    page = await text_of(hanako, f"{as_doctor(sato)}?kind=prescription")
    assert "アムロジピン" in page
    assert "HbA1c" not in page
    assert "記録を3件見ることができます。" in page


async def test_without_records_the_page_says_so(hanako, sato):
    assert "記録は、まだありません" in await text_of(hanako, as_doctor(sato))


@pytest.mark.parametrize(
    "path",
    [
        f"/disclosure/see-as/people/{UUID(int=1)}",
        f"/disclosure/see-as/facilities/{UUID(int=1)}",
        "/disclosure/see-as/facilities/{clinic}?profession=wizard",
        "/disclosure/see-as/facilities/{clinic}?kind=horoscope",
    ],
)
async def test_eyes_nobody_has_are_not_found(hanako, clinic, path):
    assert (await hanako.get(path.format(clinic=clinic.facility_id))).status_code == 404


async def test_searching_for_nobody_says_what_to_do(hanako):
    assert "見つかりませんでした" in await text_of(hanako, "/disclosure/see-as?q=んんん")


async def test_an_untold_diagnosis_shows_on_no_page(hanako, sato, clinic, pharmacy, records):
    await choose(hanako, on(clinic))
    change = wish(SetFacility(facility_id=clinic.facility_id, on=False))

    async def all_she_sees() -> list[str]:
        confirm = await hanako.post("/disclosure/confirm", change=change, version=1)
        pages = [await text_of(hanako, as_doctor(sato)), confirm.text]
        return [re.sub(r'name="_csrf_token" value="[^"]*"', "", each) for each in pages]

    before = await all_she_sees()
    await scene.wrote(pharmacy, hanako.actor, "condition", "膵がん", marks=("UNINFORMED",))
    assert await all_she_sees() == before


async def test_a_wide_change_is_looked_at_first_and_then_saved(hanako, clinic, pharmacy, records):
    change = wish(SetRegion("aso", True))
    answer = await hanako.post("/disclosure/confirm", change=change, version=0, back="")
    assert answer.status_code == 200
    assert "保存する前に確かめてください" in answer.text
    assert "見えるようになるもの" in answer.text
    assert "記録3件が" in answer.text
    assert "これから新しく参加する施設にも" in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 0
    form = re.search(r'<form method="post" action="/disclosure/save">.*?</form>', answer.text, re.S)
    assert form
    assert 'name="version" value="0"' in form.group()
    await hanako.follow(await hanako.post("/disclosure/save", change=change, version=0, back=""))
    assert (await consent.settings(hanako.actor)).directive.version == 1


async def test_a_closing_change_names_what_closes(hanako, clinic, records):
    await choose(hanako, on(clinic))
    answer = await hanako.post(
        "/disclosure/confirm", change=wish(SetCategory("prescription", False)), version=1
    )
    assert "見えなくなるもの" in answer.text
    assert "処方（医師が出した薬）" in answer.text
    assert "記録2件が" in answer.text
    assert "見えるようになるもの" not in answer.text


async def test_of_many_facilities_five_are_named(hanako, records):
    for number in range(6):
        await scene.place(f"あざみ{number}", "アザミ", f"Azami {number}", "clinic")
    answer = await hanako.post("/disclosure/confirm", change=wish(SetEveryone(True)), version=0)
    listed = re.search(r"施設 (\d+)か所</p>\s*<ul.*?</ul>", answer.text, re.S)
    assert listed
    names = re.findall(r"<li>(.*?)</li>", listed.group())
    assert len(names) == 6
    assert names[5] == f"ほか {int(listed.group(1)) - 5}か所"
    # Those who wrote records of hers come first.
    assert {"れんげ内科クリニック", "すみれ薬局"} <= set(names[:5])


async def test_a_change_that_changes_nothing_says_so(hanako, records):
    answer = await hanako.post(
        "/disclosure/confirm", change=wish(SetCategory("lab", True)), version=0
    )
    assert "いまと変わりません" in answer.text


@pytest.mark.parametrize(
    "change", ["", "[]x", '[{"kind":"spell"}]', '[{"kind":"region","code":"atlantis","on":true}]']
)
async def test_a_wish_nobody_could_have_made_is_refused(hanako, change):
    answer = await hanako.post("/disclosure/confirm", change=change, version=0)
    assert answer.status_code in (400, 422)


async def test_the_app_gets_the_preview_and_the_difference(hanako, sato, clinic, records):
    seen = await hanako.tell(
        "/me/disclosure/preview",
        {
            "professional_id": str(sato.actor.professional_id),
            "commands": [{"kind": "facility", "id": str(clinic.facility_id), "on": True}],
        },
    )
    assert seen.status_code == 200, seen.text
    body = seen.json()
    assert (body["shown"], body["kept"], body["is_let_in"]) == (3, 0, True)
    assert {each["category"]: each["shown"] for each in body["kinds"]} == {
        "prescription": 2,
        "lab": 1,
    }
    told = await hanako.tell(
        "/me/disclosure/difference",
        {"commands": [{"kind": "facility", "id": str(clinic.facility_id), "on": True}]},
    )
    assert told.json()["facilities_opened"] == {"count": 1, "names": [clinic.name]}
    assert (told.json()["records_opened"], told.json()["version"]) == (2, 0)
    assert (await consent.settings(hanako.actor)).directive.version == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"professional_id": str(UUID(int=1))},
        {"facility_id": str(UUID(int=1)), "profession": "physician"},
        {"facility_id": "x", "profession": "physician"},
        {"professional_id": str(UUID(int=1)), "page": 0},
    ],
)
async def test_the_app_cannot_borrow_eyes_that_are_not_there(hanako, body):
    answer = await hanako.tell("/me/disclosure/preview", body)
    assert answer.status_code in (400, 422)
