"""Hanako chooses who may see what: one tap, seen in words, taken back, never lost."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from api.consent import service as consent
from api.consent.agreeing import requests
from api.consent.settings.switches import (
    Exclude,
    SetFacility,
    SetFacilityType,
    SetProfession,
    SetRegion,
)
from api.core import clock
from api.directory import service as directory
from tests.portal import scene
from tests.portal.scene import Place, Visitor

BOTH = pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ja", "「れんげ内科クリニック」に見せるようにしました。"),
        ("en", "Renge Clinic may now see your records."),
    ],
)


@BOTH
async def test_one_tap_lets_a_clinic_in_and_says_so_beside_the_switch(
    hanako: Visitor, clinic: Place, locale: str, said: str
) -> None:
    answer = await hanako.turn("facility", clinic.facility_id, "yes", 0)
    assert answer.headers["location"].endswith(f"#facility-{clinic.facility_id}")
    page = await hanako.follow(answer, locale=locale)
    assert said in page
    assert page.index(f'id="facility-{clinic.facility_id}"') < page.index(said)
    assert await hanako.version() == 1
    (changed, *_) = await hanako.log()
    assert changed["event"] == "consent:provision:changed"
    assert changed["changes"][0].startswith("「れんげ内科クリニック」に見せるようにしました。")


async def test_the_sentence_above_the_switches_names_what_is_open(
    hanako: Visitor, clinic: Place
) -> None:
    assert (
        "いま、ほかの施設は、だれも記録を見られません。" in (await hanako.get("/disclosure")).text
    )
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    expected = (
        "いま、「れんげ内科クリニック」にいるすべての職種の人が、すべての種類の記録を見られます。"
    )
    assert expected in (await hanako.get("/disclosure")).text
    assert expected in (await hanako.get("/home")).text
    assert (
        "At the moment, people of every profession at Renge Clinic can see every kind"
        in (await hanako.get("/home", locale="en")).text
    )


async def test_an_old_page_changes_nothing_and_shows_what_stands_now(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    stale = await hanako.turn("facility", pharmacy.facility_id, "yes", 0)
    assert stale.status_code == 409
    assert "この画面を開いたあとに、設定が変わっていました" in stale.text
    assert "「れんげ内科クリニック」に見せるようにしました。" in stale.text
    assert "「すみれ薬局」に見せるようにします。" in stale.text
    state = await consent.settings(hanako.actor)
    assert [p.facility_id for p in state.directive.provisions] == [clinic.facility_id]


async def test_both_versions_stand_side_by_side_and_either_can_be_kept(
    hanako: Visitor, clinic: Place, pharmacy: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    stale = await hanako.turn("facility", pharmacy.facility_id, "yes", 0)
    assert f'href="/disclosure/facilities#facility-{pharmacy.facility_id}"' in stale.text
    (form,) = (each for each in scene.forms(stale.text) if "/disclosure/save" in each)
    page = await hanako.follow(await hanako.post(*scene.sent(form)))
    assert "「すみれ薬局」に見せるようにしました。" in page
    state = await consent.settings(hanako.actor)
    assert {p.facility_id for p in state.directive.provisions} == {
        clinic.facility_id,
        pharmacy.facility_id,
    }


async def test_taking_back_what_is_no_longer_the_last_change_says_what_came_after(
    hanako: Visitor,
) -> None:
    await hanako.turn("category", "lab", "no", 0)
    await hanako.turn("profession", "nurse", "no", 1)
    stale = await hanako.post("/disclosure/undo", version=1, back="/disclosure/categories")
    assert stale.status_code == 409
    assert "「看護師」には見せないようにしました。" in stale.text
    assert 'href="/disclosure/categories"' in stale.text
    assert await hanako.version() == 2


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/sign-out", "x\ny"])
async def test_the_way_back_leads_nowhere_else(hanako: Visitor, back: str) -> None:
    answer = await hanako.post(
        "/disclosure/save",
        change='[{"kind":"category","code":"lab","on":false}]',
        version=0,
        back=back,
    )
    assert answer.headers["location"] == "/disclosure?changed=1"


@pytest.mark.parametrize("change", ["", "x", "{}", '[{"kind":"wizard"}]', '[{"kind":"category"}]'])
async def test_a_wish_that_means_nothing_changes_nothing(hanako: Visitor, change: str) -> None:
    assert (await hanako.post("/disclosure/save", change=change, version=0)).status_code == 422
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_grant_that_ends_soon_is_renewed_with_one_tap(
    hanako: Visitor, clinic: Place
) -> None:
    soon = clock.now() + timedelta(days=7)
    await hanako.wish(SetFacility(clinic.facility_id, True, until=soon))
    page = (await hanako.get("/disclosure")).text
    assert "「れんげ内科クリニック」に見せるのは、" in page
    page = await hanako.follow(await hanako.press("/disclosure", "1年のばす"))
    assert "「れんげ内科クリニック」に見せるのは、" not in page
    assert "元にもどす" in page
    (row,) = (await consent.settings(hanako.actor)).directive.provisions
    assert row.valid_to
    assert row.valid_to > soon + timedelta(days=300)


async def test_a_request_that_waits_stands_on_the_hub(hanako: Visitor, sato: Visitor) -> None:
    assert hanako.card
    wish = requests.Wish("professional", 30, 0, "treatment", "")
    await requests.ask(sato.actor, hanako.card.digits, wish)
    page = (await hanako.get("/disclosure")).text
    assert "見せてほしいというお願いが1件あります" in page
    assert "佐藤 健一" in page


async def test_every_page_the_hub_leads_to_is_there_and_leads_back(hanako: Visitor) -> None:
    hub = (await hanako.get("/disclosure")).text
    paths = re.findall(r'<a class="link-row" href="(/[^"]+)"', hub)
    assert len(paths) >= 13
    for path in paths:
        page = await hanako.get(path)
        assert page.status_code == 200, path
        if path.startswith("/disclosure/"):
            assert 'href="/disclosure"' in page.text.partition("<main")[2], path


async def test_the_hub_counts_what_is_chosen_on_each_page(hanako: Visitor, clinic: Place) -> None:
    await hanako.wish(
        SetFacility(clinic.facility_id, True),
        SetProfession("nurse", False),
        SetFacilityType("pharmacy", True),
        SetRegion("aso", True),
    )
    await hanako.wish(Exclude(True, facility_id=clinic.facility_id))
    page = (await hanako.get("/disclosure")).text
    assert "1つ「見せない」にしています" in page
    assert "2つ「見せる」にしています" in page
    assert "閲覧禁止 1件" in page


async def test_who_does_not_take_part_has_nothing_to_choose(yumi: Visitor) -> None:
    for page in ("facilities", "areas", "professions", "people", "teams", "details", "research"):
        answer = await yumi.get(f"/disclosure/{page}")
        assert answer.headers["location"] == "/disclosure", page


async def test_a_second_tap_of_a_trembling_finger_is_no_conflict(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    again = await hanako.turn("facility", clinic.facility_id, "yes", 0)
    assert again.status_code == 303
    assert await hanako.version() == 1


async def test_a_tap_that_changes_nothing_does_not_tell_of_an_earlier_one(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = await hanako.follow(await hanako.wish(SetProfession("nurse", True), version=1))
    assert 'action="/disclosure/undo"' not in page
    incoming = await hanako.post("/records/incoming", level="normal", version=1)
    assert "/records/undo" not in await hanako.follow(incoming)
    assert await hanako.version() == 1


async def test_a_change_is_taken_back_with_one_tap(hanako: Visitor, clinic: Place) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    page = await hanako.follow(await hanako.post("/disclosure/undo", version=1))
    assert "ひとつ前の設定にもどしました。" in page
    assert "いま、ほかの施設は、だれも記録を見られません。" in page
    assert await hanako.version() == 2
    assert (await hanako.post("/disclosure/undo", version=1)).status_code == 409


@pytest.mark.parametrize(
    ("axis", "code"),
    [
        ("facility", str(UUID(int=1))),
        ("facility", "x"),
        ("profession", "wizard"),
        ("category", "x"),
    ],
)
async def test_what_the_network_does_not_have_cannot_be_chosen(
    hanako: Visitor, axis: str, code: str
) -> None:
    answer = await hanako.turn(axis, code, "yes", 0)
    assert answer.status_code == 422
    assert "見つかりません" in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_form_from_another_site_is_refused(hanako: Visitor, clinic: Place) -> None:
    form = {"change": scene.wish(SetFacility(clinic.facility_id, True)), "version": "0"}
    answer = await hanako.browser.post("/disclosure/save", data=form)
    assert answer.status_code == 403
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_leaving_says_its_consequences_first_and_can_be_taken_back_whole(
    hanako: Visitor, clinic: Place
) -> None:
    await hanako.turn("facility", clinic.facility_id, "yes", 0)
    before = (await consent.settings(hanako.actor)).participation
    assert (
        "すぐに、どの施設も記録を見られなくなります。"
        in (await hanako.get("/disclosure/participation")).text
    )
    page = await hanako.follow(await hanako.post("/disclosure/participation", state="withdrawn"))
    assert "参加をやめました。" in page
    assert (await consent.settings(hanako.actor)).participation.state == "withdrawn"
    assert "だれも記録を見られません" in (await hanako.get("/home")).text
    await hanako.post("/disclosure/participation", state="participating", undo="yes")
    state = await consent.settings(hanako.actor)
    assert state.participation == before
    assert len(state.directive.provisions) == 1
    events = [each["sentence"] for each in await hanako.log()]
    assert events[:2] == ["ご本人の参加が始まりました。", "ご本人が参加をやめました。"]


async def test_leaving_twice_leaves_once(hanako: Visitor) -> None:
    for _ in range(2):
        await hanako.post("/disclosure/participation", state="withdrawn")
    left = [e for e in await hanako.log() if e["sentence"] == "ご本人が参加をやめました。"]
    assert len(left) == 1


async def test_someone_who_has_not_answered_can_join_from_the_same_page(yumi: Visitor) -> None:
    assert "参加するかどうかを選んでください。" in (await yumi.get("/home")).text
    page = (await yumi.get("/disclosure")).text
    assert "/disclosure/facilities" not in page
    assert "/disclosure/participation" in page
    await yumi.post("/disclosure/participation", state="participating")
    assert (await consent.settings(yumi.actor)).participation.state == "participating"


async def test_every_switch_is_labelled_in_the_language_chosen(hanako: Visitor) -> None:
    profile = directory.profile()
    for locale in ("ja", "en"):
        for page, kind, entries in (
            ("professions", "profession", profile.professions),
            ("categories", "category", profile.categories),
            ("areas", "region", profile.regions),
            ("areas", "type", profile.facility_types),
        ):
            shown = (await hanako.get(f"/disclosure/{page}", locale=locale)).text
            for entry in entries:
                assert f'id="{kind}-{entry.code}"' in shown
                assert getattr(entry.name, locale).replace("'", "&#39;") in shown
